// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Patterns for LIKE in which what a person typed stands for itself.
enum LikePattern {
    static func escaped(_ text: String) -> String {
        text.map { "\\%_".contains($0) ? "\\\($0)" : String($0) }.joined()
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
