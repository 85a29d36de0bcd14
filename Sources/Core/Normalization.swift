// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation

extension String {
    /// Unicode normalisation form C (UAX #15): a letter typed as one scalar equals the same letter typed as several.
    package var normalizedNFC: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }

    /// What two spellings of a name must share to be found by one search: case, width and accents folded away, so that
    /// "Zoë" finds "zoe". Vowel signs of Indian scripts carry meaning and stay.
    package var searchKey: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return lowercased() }
        let folded = folding(options: [.caseInsensitive, .widthInsensitive], locale: nil)
        var key = String.UnicodeScalarView()
        for scalar in folded.decomposedStringWithCanonicalMapping.unicodeScalars
        where !(0x300...0x36F).contains(scalar.value) {
            key.append(scalar)
        }
        return String(key).precomposedStringWithCanonicalMapping.lowercased()
    }
}
