// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Compares secrets in a time that depends on their lengths only, not on where they differ.
package func constantTimeEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
}
