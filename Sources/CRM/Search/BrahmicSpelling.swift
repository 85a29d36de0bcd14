// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Letters of a Brahmic script that together sound like something else than one after the other.
///
/// Tamil has most of them: it writes Sanskrit clusters with a vowel inside them, பிரியா for Priya, and has no letter of
/// its own for some sounds, so that மகேஷ் is Mahesh.
struct BrahmicSpelling {
    enum Place { case anywhere, wordBeginning, wordEnd }

    let scalars: [Unicode.Scalar]
    let latin: String
    let place: Place

    private init(_ text: String, _ latin: String, _ place: Place = .anywhere) {
        scalars = Array(text.unicodeScalars)
        self.latin = latin
        self.place = place
    }

    /// - Returns: the first that `text` has at `index`, if any; of several with one beginning the longest stands first.
    static func spelling(
        in script: BrahmicScript, at index: Int, of text: [Unicode.Scalar], isWordBeginning: Bool
    ) -> BrahmicSpelling? {
        all[script.rawValue].first { $0.stands(at: index, of: text, isWordBeginning: isWordBeginning) }
    }

    private func stands(at index: Int, of text: [Unicode.Scalar], isWordBeginning: Bool) -> Bool {
        guard text[index] == scalars.first, text[index...].starts(with: scalars) else { return false }
        switch place {
        case .anywhere: return true
        case .wordBeginning: return isWordBeginning
        case .wordEnd:
            let end = index + scalars.count
            return end == text.count || BrahmicScript(of: text[end]) == nil
        }
    }

    /// By the order of `BrahmicScript`.
    private static let all: [[BrahmicSpelling]] = [
        [.init("ज्ञ", "gy"), .init("ंह", "ngh", .wordEnd)],
        [
            .init("জ্ঞ", "gy"), .init("স্ব", "sw"), .init("শ্ব", "shw"), .init("ংহ", "ngh", .wordEnd), .init("অ্যা", "a"),
            .init("চ্যা", "cha"),
            .init("ব্যান", "ban", .wordBeginning),
            .init("প্যাট", "pat", .wordBeginning), .init("ওয়া", "wa"), .init("ওয়ে", "we"), .init("ঞা", "ya"),
        ],
        [],
        [.init("જ્ઞ", "gn"), .init("ંહ", "ngh", .wordEnd)],
        [.init("ଜ୍ଞ", "gy"), .init("ଂହ", "ngh", .wordEnd)],
        [
            .init("ஃப", "f"), .init("ஃஜ", "z"), .init("ஜ்ஞ", "gn"), .init("க்ய", "gy"), .init("க்கிய", "gy"),
            .init("ட்சும", "kshm"), .init("ட்ச", "ksh"), .init("இந்திரா", "indira", .wordBeginning),
            .init("ந்திர", "ndr"), .init("ப்பிர", "br"), .init("த்திர", "tr"),
            .init("பிர", "pr", .wordBeginning), .init("கிரு", "kri"), .init("பிரு", "bri", .wordBeginning),
            .init("மிரு", "mri", .wordBeginning), .init("சுவா", "swa", .wordBeginning),
            .init("சுவே", "swe", .wordBeginning), .init("ஞா", "gna", .wordBeginning),
            .init("ஜெய", "jay", .wordBeginning), .init("இரா", "ra", .wordBeginning),
            .init("மகா", "maha", .wordBeginning), .init("மகே", "mahe", .wordBeginning),
            .init("மோக", "moh", .wordBeginning), .init("ரோக", "roh", .wordBeginning),
            .init("ராகுல", "rahul", .wordBeginning), .init("நேகா", "neha", .wordBeginning),
            .init("முகம", "muham", .wordBeginning), .init("அகம", "aham", .wordBeginning),
        ],
        [.init("జ్ఞ", "gn"), .init("ావు", "ao", .wordEnd)],
        [.init("ಜ್ಞ", "gn")],
        [.init("ജ്ഞ", "gn"), .init("റ്റ", "tt"), .init("ന്റ", "nt"), .init("ൻറ", "nt"), .init("ാവു", "ao", .wordEnd)],
    ]
}
