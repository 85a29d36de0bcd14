// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

extension String {
    /// The words in lower-case Latin letters and digits, with one space between two: सुरेश is `suresh`.
    ///
    /// The nine scripts of `BrahmicScript` are written as their names are usually written in India, without accents and
    /// without the length of vowels. What is of another script (Urdu, Chinese, emoji) stays as its `searchKey`.
    package var latinised: String { String(String.UnicodeScalarView(Transliterator(self).words)) }
}

/// Writes a text in Latin letters, scalar by scalar.
struct Transliterator {
    /// With one space between two; ASCII but for what is of another script.
    var words: [Unicode.Scalar] = []
    /// Whether the last word may go on: nothing stands behind it.
    private(set) var endsInWord = false

    let isBeginning: Bool
    var scalars: [Unicode.Scalar] = []
    var index = 0
    var syllable = Syllable()
    private var hasOthers = false

    /// - Parameter isBeginning: the last word may be unfinished, so what only its end would settle is left out.
    init(_ text: String, isBeginning: Bool = false) {
        self.isBeginning = isBeginning
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            words.reserveCapacity(text.utf8.count)
            for scalar in text.unicodeScalars { takeASCII(scalar) }
            finish()
            return
        }
        run(text)
        guard hasOthers else { return }
        // Accents and widths of letters fall away; what comes of them may be Latin.
        let key = String(String.UnicodeScalarView(words)).searchKey
        words.removeAll(keepingCapacity: true)
        if endsInWord { run(key) } else { run(key + " ") }
    }

    private mutating func run(_ text: String) {
        scalars = Self.scalars(of: text)
        index = 0
        words.reserveCapacity(scalars.count * 2)
        while index < scalars.count { takeNext() }
        finish()
    }

    /// Without what is not seen or is an accent only; a letter with its nukta in two scalars, a vowel in one.
    private static func scalars(of text: String) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.utf8.count / 2)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: continue
            default:
                if let (base, nukta) = BrahmicLetter.decomposed(scalar) {
                    scalars.append(base)
                    scalars.append(nukta)
                } else if let first = scalars.last, let vowel = BrahmicLetter.joined(first, scalar) {
                    scalars[scalars.count - 1] = vowel
                } else {
                    scalars.append(scalar)
                }
            }
        }
        return scalars
    }

    private mutating func finish() {
        endRun()
        endsInWord = words.last.map { $0 != " " } ?? false
        if !endsInWord, !words.isEmpty { words.removeLast() }
    }

    private mutating func takeNext() {
        let scalar = scalars[index]
        if scalar.isASCII {
            endRun()
            takeASCII(scalar)
        } else if let script = BrahmicScript(of: scalar) {
            if takeSpelling(script) { return }
            take(BrahmicLetter.letter(scalar), scalar, script)
        } else {
            endRun()
            takeOther(scalar)
        }
        index += 1
    }

    private mutating func takeASCII(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "a"..."z", "0"..."9": words.append(scalar)
        case "A"..."Z": words.append(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) | 0x20))
        case "'", "`": break
        default: separate()
        }
    }

    private mutating func separate() {
        if let last = words.last, last != " " { words.append(" ") }
    }

    mutating func takeOther(_ scalar: Unicode.Scalar) {
        if let latin = Self.latin[scalar] {
            words += latin.unicodeScalars
            return
        }
        switch scalar.properties.generalCategory {
        case .format: break
        case .control, .spaceSeparator, .lineSeparator, .paragraphSeparator, .connectorPunctuation, .dashPunctuation,
            .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation:
            // An apostrophe stands inside a name: D’Souza.
            if scalar != "\u{2018}", scalar != "\u{2019}" { separate() }
        case .decimalNumber:
            if let digit = DecimalDigit.value(of: scalar) { words.append(Unicode.Scalar(0x30 + digit)) }
        default:
            hasOthers = true
            words.append(scalar)
        }
    }

    /// Latin letters that are no other letter with an accent.
    private static let latin: [Unicode.Scalar: String] = [
        "æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "\u{2BC}": "",
    ]
}
