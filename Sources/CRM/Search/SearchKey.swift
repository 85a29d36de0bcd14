// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What a customer is found by, as `app.customer_search_keys` has it.
///
/// Row security keeps an index from operators that are not leakproof, and those that search are not; so what is searched stands in a
/// table of its own, which one function reads for the tenant of the transaction.
package struct SearchKey: Equatable, Sendable {
    /// Words with a space before and behind each, so that a pattern can ask for a word's beginning and its end.
    package let key: String
    /// The name in Latin letters, for what was typed wrong.
    package let names: String
    /// Of the whole name, its words in order, so that those who share it may be one; empty without a name.
    package let sound: String
    package let noteWords: [String]

    private static let maximumKeyBytes = 11_000, maximumNamesBytes = 900, maximumSoundBytes = 600
    private static let maximumNoteWords = 400

    package init(_ fields: CustomerFields) {
        var words = Words(maximumBytes: Self.maximumKeyBytes)
        if let name = fields.name {
            for word in SearchWords.split(name) { words.add(word) }
            for sound in name.soundKey.split(separator: " ") { words.add("~" + sound) }
        }
        for phone in [fields.phone].compactMap({ $0 }) + fields.otherPhones { words.add(phone.e164) }
        for email in [fields.email].compactMap({ $0 }) + fields.otherEmails { words.add(email.address) }
        if let id = fields.whatsAppID { words.add(id.lowercased()) }
        if let city = fields.city { for word in SearchWords.split(city) { words.add(word) } }
        for word in fields.tags.flatMap({ SearchWords.split($0) }) {
            words.add("#" + word)
            words.add(word)
        }
        key = words.text
        names = SearchWords.bounded(fields.name?.latinised ?? "", Self.maximumNamesBytes)
        sound = SearchWords.bounded(
            (fields.name?.soundKey ?? "").split(separator: " ").sorted().joined(separator: " "), Self.maximumSoundBytes)
        var seen: Set<String> = []
        for word in SearchWords.split(fields.notes ?? "")
        where word.utf8.count >= 3 && seen.count < Self.maximumNoteWords {
            seen.insert(SearchWords.bounded(word, 200))
        }
        noteWords = seen.sorted()
    }

    private struct Words {
        let maximumBytes: Int
        private(set) var text = " "
        private var seen: Set<String> = []

        init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

        mutating func add(_ word: String) {
            guard text.utf8.count + word.utf8.count < maximumBytes, seen.insert(word).inserted else { return }
            text += word + " "
        }
    }
}

/// Words as a search sees them.
enum SearchWords {
    /// Without case, width and accents, split where neither letters, marks nor digits are.
    static func split(_ text: String) -> [String] {
        text.searchKey.split { !isPartOfWord($0) }.map(String.init)
    }

    private static func isPartOfWord(_ character: Character) -> Bool {
        // By what it begins with: an apostrophe with a mark over it is none.
        switch character.unicodeScalars.first?.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// The text's beginning, cut between scalars.
    static func bounded(_ text: String, _ maximumBytes: Int) -> String {
        guard text.utf8.count > maximumBytes else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: maximumBytes)
        while String.Index(end, within: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }
}
