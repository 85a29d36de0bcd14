// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Patterns for LIKE in which what a person typed stands for itself.
enum LikePattern {
    static func escaped(_ text: String) -> String {
        text.escaping("\\%_")
    }
}

/// A word for tsquery in which what a person typed stands for itself.
enum QuotedLexeme {
    /// `'anand'`; a quote or a backslash has a backslash before it (PostgreSQL manual, 8.11.2).
    static func quoted(_ word: String) -> String { "'" + word.escaping("'\\") + "'" }
}

extension String {
    /// Scalar by scalar: with a mark behind it a sign is another character, but the same to whom it is escaped for.
    fileprivate func escaping(_ signs: String) -> String {
        var text = UnicodeScalarView()
        for scalar in unicodeScalars {
            if signs.unicodeScalars.contains(scalar) { text.append("\\") }
            text.append(scalar)
        }
        return String(text)
    }
}

/// Part of a phone number as someone types it into a search box.
enum PhoneFragment {
    /// Its ASCII digits, without a trunk zero; nil unless there are at least three and nothing but digits and separators.
    static func digits(in text: String) -> String? {
        var digits = ""
        for scalar in text.unicodeScalars {
            if let digit = DecimalDigit.value(of: scalar) {
                digits += String(digit)
            } else if !" +-().".unicodeScalars.contains(scalar) {
                return nil
            }
        }
        let significant = digits.drop { $0 == "0" }
        return significant.count >= 3 ? String(significant) : nil
    }
}
