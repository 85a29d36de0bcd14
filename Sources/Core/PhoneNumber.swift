// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A phone number in E.164 form.
///
/// An Indian mobile number has ten digits of which the first is 6 to 9, after country code 91. People type it with
/// `+91`, `0091`, `91`, a trunk `0` or nothing before it, with spaces, dashes, dots and brackets inside it, and in the
/// digits of their own script. Numbers of other countries are kept when written in full, with `+` and 8 to 15 digits.
package struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    /// `+` and 8 to 15 digits, such as `+919876543210`.
    package let e164: String

    package var description: String { e164 }

    /// A number that was validated before it was stored.
    package init(stored e164: String) { self.e164 = e164 }

    /// Nil when the text is no mobile number of India and no international number.
    package init?(_ text: String) {
        guard text.utf8.count <= 64, let (digits, international) = Self.digits(of: text) else { return nil }
        if international {
            if digits.starts(with: "91".utf8) {
                guard let national = Self.indianMobile(digits.dropFirst(2)) else { return nil }
                e164 = national
            } else {
                guard (8...15).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
                e164 = "+" + String(decoding: digits, as: UTF8.self)
            }
            return
        }
        for prefix in ["", "0", "91", "0091", "091"] where digits.starts(with: prefix.utf8) {
            if let national = Self.indianMobile(digits.dropFirst(prefix.utf8.count)) {
                e164 = national
                return
            }
        }
        return nil
    }

    /// - Throws: `FieldError` with code `invalid_phone`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let phone = PhoneNumber(text) else {
            throw FieldError(
                pointer, "invalid_phone",
                "Give a mobile number of India with ten digits, or any number with + and country code.")
        }
        self = phone
    }

    private static func indianMobile(_ digits: ArraySlice<UInt8>) -> String? {
        guard digits.count == 10, let first = digits.first, first >= UInt8(ascii: "6") else { return nil }
        return "+91" + String(decoding: digits, as: UTF8.self)
    }

    /// The ASCII digits of a number as typed and whether it began with `+`; nil at a character that no number holds.
    private static func digits(of text: String) -> (digits: [UInt8], international: Bool)? {
        var digits: [UInt8] = [], international = false
        for scalar in text.unicodeScalars {
            if let digit = DecimalDigit.value(of: scalar) {
                digits.append(UInt8(ascii: "0") + digit)
                continue
            }
            switch scalar {
            case "+", "\u{FF0B}":
                guard digits.isEmpty, !international else { return nil }
                international = true
            case " ", "-", ".", "(", ")", "/", "\u{A0}", "\u{2007}", "\u{2010}"..."\u{2014}", "\u{202F}": continue
            // Marks of writing direction come along when a number is copied from a phone's address book.
            case "\u{200E}", "\u{200F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": continue
            default: return nil
            }
        }
        return digits.isEmpty ? nil : (digits, international)
    }
}

/// Decimal digits of every script (Unicode general category Nd), from ASCII to Devanagari.
package enum DecimalDigit {
    package static func value(of scalar: Unicode.Scalar) -> UInt8? {
        if scalar.isASCII {
            guard case 48...57 = scalar.value else { return nil }
            return UInt8(scalar.value - 48)
        }
        guard scalar.properties.generalCategory == .decimalNumber, let value = scalar.properties.numericValue else {
            return nil
        }
        return UInt8(value)
    }
}
