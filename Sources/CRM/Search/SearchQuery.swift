// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What somebody has typed into the search box.
package struct SearchQuery: Sendable, Equatable {
    /// Patterns that a customer's ``SearchKey/key`` must match, all of them, by the one or the other.
    let words: [String], sounds: [String]
    /// For words of notes, as a tsquery.
    let notes: String?
    /// A name that may be typed wrong.
    let mistyped: String?

    package static let maximumBytes = 100
    private static let maximumWords = 8

    /// - Throws: `FieldError` with code `required` when there is nothing to look for.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        let text = try Text(text, at: pointer, maximumBytes: Self.maximumBytes).value
        if let digits = PhoneFragment.digits(in: text) {
            // Part of a number, wherever it stands in one; or of a name such as "Shop 108".
            (words, sounds) = (["%" + digits + "%"], ["%" + digits + "%"])
            (notes, mistyped) = (nil, nil)
            return
        }
        if text.contains("@") {
            let pattern = "% " + LikePattern.escaped(text.lowercased()) + "%"
            (words, sounds) = ([pattern], [pattern])
            (notes, mistyped) = (nil, nil)
            return
        }
        let isTag = text.hasPrefix("#")
        let typed = SearchWords.split(text).prefix(Self.maximumWords)
        guard !typed.isEmpty else { throw FieldError(pointer, "required", "Give a letter or a digit.") }
        let words = typed.map { "% " + (isTag ? "#" : "") + LikePattern.escaped($0) + "%" }
        self.words = words
        sounds = typed.enumerated().map { index, word in
            let isLast = index == typed.count - 1 && text.last?.isWhitespace != true
            let sound = word.soundKey(isBeginning: isLast)
            guard !isTag, !sound.isEmpty else { return words[index] }
            return "% ~" + LikePattern.escaped(sound) + (isLast ? "%" : " %")
        }
        let longer = isTag ? [] : typed.filter { $0.utf8.count >= 3 }
        notes =
            longer.count == typed.count ? longer.map { QuotedLexeme.quoted($0) + ":*" }.joined(separator: " & ") : nil
        let latin = text.latinised
        mistyped = !isTag && latin.utf8.count >= 4 ? SearchWords.bounded(latin, 100) : nil
    }
}
