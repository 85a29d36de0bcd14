// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The part of a word of a Brahmic script that is not yet settled.
struct Syllable {
    var script: BrahmicScript?
    /// The place in its block of the last consonant, and where the last letter begins in the Latin words.
    var consonant: UInt32 = 0, start = 0
    /// The last consonant carries its vowel *a*, not yet written.
    var isOpen = false
    /// A virama took the vowel from the last consonant: the next one stands with it.
    var isDead = false
    var isCluster = false
    /// A vowel was written: the word has a syllable already.
    var hasVowel = false
    /// The scalar of a nasal whose sound depends on what follows.
    var nasal: Unicode.Scalar?
    var doublesNext = false
}

extension Transliterator {
    mutating func takeSpelling(_ script: BrahmicScript) -> Bool {
        guard
            let spelling = BrahmicSpelling.spelling(
                in: script, at: index, of: scalars, isWordBeginning: syllable.script == nil),
            let last = spelling.scalars.last
        else { return false }
        enter(script)
        if case .vowelSign = BrahmicLetter.letter(scalars[index]) { syllable.isOpen = false }
        writeVowel()
        writeNasal(before: 0)
        words += spelling.latin.unicodeScalars
        index += spelling.scalars.count
        syllable.isDead = false
        syllable.isCluster = false
        syllable.start = words.count - 1
        if case .consonant = BrahmicLetter.letter(last), spelling.place != .wordEnd {
            syllable.isOpen = true
            syllable.isCluster = true
            syllable.consonant = BrahmicLetter.place(of: last)
        }
        syllable.hasVowel = syllable.hasVowel || spelling.latin.unicodeScalars.contains { Self.vowels.contains($0) }
        return true
    }

    private static let vowels = Array("aeiou".unicodeScalars)

    private mutating func enter(_ script: BrahmicScript) {
        guard syllable.script != script else { return }
        endRun()
        syllable.script = script
    }

    mutating func take(_ letter: BrahmicLetter, _ scalar: Unicode.Scalar, _ script: BrahmicScript) {
        let place = BrahmicLetter.place(of: scalar), isFirst = syllable.script != script
        enter(script)
        switch letter {
        case .consonant(let latin):
            takeConsonant(script == .tamil ? tamil(place, latin, isFirst: isFirst) : latin, place)
        case .deadConsonant(let latin):
            takeConsonant(latin, place)
            syllable.isOpen = false
            syllable.isDead = true
        case .vowel(let latin):
            writeVowel()
            takeVowel(latin)
        case .vowelSign(let latin): takeVowel(latin)
        case .virama: takeVirama()
        case .nukta: takeNukta()
        case .nasal:
            writeVowel()
            syllable.nasal = scalar
        case .doubling: syllable.doublesNext = true
        case .breath:
            writeVowel()
            words.append("h")
        case .silent: break
        case .digit(let digit):
            endRun()
            words.append(digit)
        case .other:
            endRun()
            takeOther(scalar)
        }
    }

    private mutating func takeConsonant(_ latin: String, _ place: UInt32) {
        writeVowel()
        writeNasal(before: place)
        if syllable.doublesNext, let first = latin.unicodeScalars.first { words.append(first) }
        syllable.doublesNext = false
        syllable.start = words.count
        words += latin.unicodeScalars
        syllable.isCluster = syllable.isDead
        syllable.isDead = false
        syllable.isOpen = true
        syllable.consonant = place
    }

    private mutating func takeVowel(_ latin: String) {
        writeNasal(before: 0)
        words += latin.unicodeScalars
        syllable.isOpen = false
        syllable.isDead = false
        syllable.hasVowel = true
    }

    private mutating func takeVirama() {
        guard syllable.isOpen else { return }
        syllable.isOpen = false
        syllable.isDead = true
        // The nasals of ka and cha are plain n before their own kind, as in शङ्कर and अञ्जु; சிங் is Sing.
        let isNasal = syllable.consonant == 0x19 || syllable.consonant == 0x1E
        if isNasal, index + 1 < scalars.count, BrahmicScript(of: scalars[index + 1]) != nil { rewriteConsonant("n") }
    }

    private mutating func takeNukta() {
        guard syllable.isOpen, let latin = BrahmicLetter.withNukta(syllable.consonant) else { return }
        rewriteConsonant(latin)
    }

    private mutating func rewriteConsonant(_ latin: String) {
        words.removeLast(words.count - syllable.start)
        words += latin.unicodeScalars
    }

    /// Writes the vowel *a* of the last consonant, which something follows.
    private mutating func writeVowel() {
        guard syllable.isOpen else { return }
        words.append("a")
        syllable.isOpen = false
        syllable.hasVowel = true
    }

    /// - Parameter place: that of the consonant that follows; 0 for anything else.
    private mutating func writeNasal(before place: UInt32) {
        guard let nasal = syllable.nasal, let script = syllable.script else { return }
        syllable.nasal = nil
        if script == .bengali, nasal == "\u{0982}" {
            let isBeforeItsKind = (0x15...0x18).contains(place)
            words += (isBeforeItsKind ? "n" : "ng").unicodeScalars
        } else if (0x2A...0x2E).contains(place) || place == 0x39 {
            words.append("m")
        } else {
            let isStop = (0x15...0x29).contains(place)
            words.append(script.nasalIsM && !isStop ? "m" : "n")
        }
    }

    /// A word, or its part in one script, is over.
    mutating func endRun() {
        guard let script = syllable.script else { return }
        if syllable.isOpen, !(script.dropsLastVowel && syllable.hasVowel && !isHardToEnd) { writeVowel() }
        if !(isBeginning && index == scalars.count) { writeNasal(before: 0) }
        syllable = Syllable()
    }

    /// Whether the last consonants cannot end a word without a vowel: कृष्ण is Krishna and महेन्द्र Mahendra, but वसन्त Vasant.
    private var isHardToEnd: Bool {
        syllable.isCluster && [0x1E, 0x23, 0x28, 0x2E, 0x2F, 0x30, 0x32, 0x35].contains(syllable.consonant)
    }

    /// Tamil writes g as k, j and ch as s, d as t, b as p; where they stand tells most of them apart.
    private func tamil(_ place: UInt32, _ latin: String, isFirst: Bool) -> String {
        let isAfterNasal = syllable.isDead && [0x19, 0x1E, 0x23, 0x28, 0x29, 0x2E].contains(syllable.consonant)
        let isDouble = syllable.isDead && syllable.consonant == place
        let isBeforeVirama = index + 1 < scalars.count && scalars[index + 1] == "\u{0BCD}"
        let isBetweenVowels = !isFirst && !syllable.isDead && !isBeforeVirama
        switch place {
        case 0x15: return isAfterNasal || isBetweenVowels ? "g" : "k"
        case 0x1A:
            if isAfterNasal { return "j" }
            return isDouble ? "ch" : isBeforeVirama ? "c" : "s"
        case 0x1F: return isAfterNasal || isBetweenVowels ? "d" : "t"
        case 0x24: return isAfterNasal ? "d" : isBeforeVirama ? "t" : "th"
        case 0x2A: return isAfterNasal ? "b" : "p"
        case 0x31:
            let isFirstOfTwo = isBeforeVirama && index + 2 < scalars.count && scalars[index + 2] == "\u{0BB1}"
            return isFirstOfTwo ? "t" : "r"
        default: return latin
        }
    }
}
