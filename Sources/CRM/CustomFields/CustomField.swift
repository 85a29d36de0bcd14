// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomFieldKind: IdentifierKind { package static var prefix: StaticString { "fld" } }

/// A field that a business has added to its customers.
package struct CustomField: Sendable, Equatable {
    package typealias ID = Identifier<CustomFieldKind>

    /// What it holds. Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        /// Up to 1,000 bytes.
        case text
        /// Up to four digits behind the point, within ± 100 thousand million.
        case number
        /// Paise.
        case money
        /// A day: `2026-01-31`.
        case date
        case yesNo = "yes_no"
        /// One of the field's own choices.
        case choice

        package var isText: Bool { self == .text || self == .choice }
    }

    package static let maximumPerBusiness = 50, maximumChoices = 100, maximumLabelBytes = 100, maximumKeyBytes = 40

    package let id: ID
    /// How programs name it: a small letter, then small letters, digits and underscores. It never changes.
    package let key: String
    package let kind: Kind
    package var label: String
    package var choices: [String]
    /// Where it stands among the others.
    package var position: Int
    package let version: Int

    package static func key(_ text: String, at pointer: String = "/key") throws(FieldError) -> String {
        let letters = Array(text.utf8)
        let isKey =
            letters.count <= maximumKeyBytes && letters.first.map { (97...122).contains($0) } ?? false
            && letters.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
        guard isKey else {
            throw FieldError(
                pointer, "invalid_value",
                "A small letter, then small letters, digits and underscores, \(maximumKeyBytes) at most.")
        }
        return text
    }

    package static func label(_ text: String, at pointer: String = "/label") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumLabelBytes).value
    }

    /// - Returns: distinct texts, at least one.
    package static func choices(_ texts: [String], at pointer: String = "/choices") throws(FieldError) -> [String] {
        guard (1...maximumChoices).contains(texts.count) else {
            throw FieldError(pointer, "out_of_range", "From 1 to \(maximumChoices) choices.")
        }
        var choices: [String] = []
        for (index, text) in texts.enumerated() {
            let choice = try Text(text, at: "\(pointer)/\(index)", maximumBytes: 100).value
            if !choices.contains(choice) { choices.append(choice) }
        }
        return choices
    }
}

package enum CustomFieldError: Error, Sendable, Equatable {
    case unknown
    /// The business has a field of this key already.
    case keyTaken
    case tooMany
    /// Somebody has changed it since.
    case changed
}
