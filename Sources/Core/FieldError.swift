// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// One thing wrong with one field of an input, in words for the person who typed it.
package struct FieldError: Error, Hashable, Sendable {
    /// JSON Pointer (RFC 6901) to the value: `/phone`.
    package let pointer: String
    /// Stable and documented: `too_long`.
    package let code: String
    package let detail: String

    package init(_ pointer: String, _ code: String, _ detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }
}

/// All that is wrong with an input, so that a form can mark every field at once. Never empty.
package struct ValidationError: Error, Hashable, Sendable {
    package let fields: [FieldError]

    package init(_ fields: [FieldError]) { self.fields = fields }
}

/// Gathers field errors while an input is read, then throws them together.
package struct Validation: ~Copyable {
    private var fields: [FieldError] = []

    package init() {}

    /// The value, or nil and a noted error.
    package mutating func check<Value>(_ body: () throws(FieldError) -> Value) -> Value? {
        do { return try body() } catch {
            fields.append(error)
            return nil
        }
    }

    package mutating func fail(_ error: FieldError) { fields.append(error) }

    /// - Throws: ``ValidationError`` with everything noted so far.
    package borrowing func finish() throws(ValidationError) {
        if !fields.isEmpty { throw ValidationError(fields) }
    }
}
