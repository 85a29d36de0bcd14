// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

extension String {
    /// What names that sound alike share, whatever their script and spelling: Suresh, सुरेश and சுரேஷ் are `sures`.
    ///
    /// Words with one space between two, each folded by `SoundFolder`; at most 600 bytes, cut between two scalars. What
    /// `latinised` keeps of other scripts stays. Empty when the text has no letter and no digit.
    package var soundKey: String { soundKey(isBeginning: false) }

    /// - Parameter isBeginning: the text is typed so far. What the next letters may turn into another sound is left out
    ///   of its last word, so that the key begins the key of the whole name. After a space no word is unfinished.
    package func soundKey(isBeginning: Bool) -> String {
        let latin = Transliterator(self, isBeginning: isBeginning)
        let isUnfinished = isBeginning && latin.endsInWord
        var key = String.UnicodeScalarView(), bytes = 0
        var words = latin.words[...]
        while !words.isEmpty {
            let word = words.prefix { $0 != " " }
            words = words.dropFirst(word.count + 1)
            var folder = SoundFolder(word, isBeginning: isUnfinished && words.isEmpty)
            for scalar in (key.isEmpty ? [] : [" "]) + folder.fold() {
                bytes += UTF8.width(scalar)
                guard bytes <= Self.maximumSoundKeyBytes else { return String(key).trimmingWhitespace }
                key.append(scalar)
            }
        }
        return String(key)
    }

    private static let maximumSoundKeyBytes = 600
}
