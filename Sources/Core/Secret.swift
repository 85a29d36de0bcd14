// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A value that must not be seen: every description of it is a row of dots.
package struct Secret<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: Value

    package init(_ value: Value) { self.value = value }

    /// The value itself, for the one line that has to use it.
    package func reveal() -> Value { value }

    package var description: String { "••••" }
    package var debugDescription: String { "••••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
