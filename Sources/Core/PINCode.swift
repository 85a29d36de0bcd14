// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The postal code of a place in India: six digits, the first not zero.
package struct PINCode: Hashable, Sendable, CustomStringConvertible {
    package let value: String

    package var description: String { value }

    /// One that was validated before it was stored.
    package init(stored value: String) { self.value = value }

    /// Reads it as typed, in digits of any script, with a space in the middle or without.
    package init?(_ text: String) {
        var digits = ""
        for scalar in text.unicodeScalars where scalar != " " {
            guard let digit = DecimalDigit.value(of: scalar), digits.utf8.count < 6 else { return nil }
            digits += String(digit)
        }
        guard digits.utf8.count == 6, digits.first != "0" else { return nil }
        value = digits
    }

    /// - Throws: `FieldError` with code `invalid_pin_code`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let code = PINCode(text) else {
            throw FieldError(pointer, "invalid_pin_code", "Give the six digits of the PIN code.")
        }
        self = code
    }
}
