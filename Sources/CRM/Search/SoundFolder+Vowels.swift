// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension SoundFolder {
    mutating func foldA() {
        let next = end(of: "a", from: index)
        switch letter(next) {
        // Naeem is Naim, and Gaekwad is Gaikwad.
        case "i", "y", "e": foldAI(from: next)
        case "u":
            key.append("o")
            index = end(of: "u", from: next)
        // Rao is राव, and Gaonkar is गावकर.
        case "o" where letter(next + 1) != "o":
            key.append("p")
            index = next + 1
        default:
            if index == 0 { key.append("a") }
            index = next
        }
    }

    /// What follows within the diphthong is not heard: Vijay, Vijai and Vijaya, Jaishree and Jayashree.
    private mutating func foldAI(from place: Int) {
        key.append("a")
        key.append("i")
        index = end(of: "i", "y", "e", "a", from: place)
    }

    mutating func foldE() {
        let next = index + 1
        switch letter(next) {
        case "e", "i":
            index = end(of: "e", "i", from: next)
            foldHighVowel()
        case "a":
            // Deapak is Deepak, but in Rhea both are heard.
            index = end(of: "a", from: next)
            appendI()
            if !isBeginning, end(of: "h", from: index) == word.count { key.append("a") }
        case "y":
            // Dubey is Dube, but in Shreya the y is heard.
            let behind = end(of: "y", from: next)
            key.append("e")
            if isVowel(behind) { key.append("i") }
            index = end(of: "a", "e", from: behind)
        // Deo is देव.
        case "o" where letter(next + 1) != "o":
            key.append("e")
            key.append("p")
            index = next + 1
        default:
            if index == 0 || !isOpenEnd(next) { key.append("e") }
            index = next
        }
    }

    mutating func foldI() {
        let next = end(of: "i", from: index)
        // Iyer is Aiyar.
        if index == 0, letter(next) == "y" { return foldAI(from: next) }
        index = next
        foldHighVowel()
    }

    /// Two of one sound are one.
    private mutating func appendI() {
        if key.last != "i" { key.append("i") }
    }

    /// An i with the glide that may follow it: Priya, Pria and प्रिय have an *a* behind it, Annie has none.
    private mutating func foldHighVowel() {
        appendI()
        switch letter(index) {
        case "y":
            index = end(of: "y", from: index)
            if letter(index) == "a" || !isVowel(index) { foldGlidedA() }
        case "a": foldGlidedA()
        case "e": index = end(of: "e", from: index)
        default: break
        }
    }

    private mutating func foldGlidedA() {
        index = end(of: "a", from: index)
        if !isOpenEnd(index) { key.append("a") }
    }

    mutating func foldY() {
        let next = end(of: "y", from: index)
        if index == 0 {
            // Joginder and Yogendra.
            key.append("j")
        } else if isVowel(index - 1) {
            appendI()
        } else if isVowel(next) {
            // Of jya may come Jyoti, which is Joti as well.
            let isUnsettled = index == 1 && letter(0) == "j" && isOpenEnd(end(of: "a", from: next))
            if !isUnsettled { appendI() }
            index = next
            if letter(next) == "a" { foldGlidedA() }
            return
        } else if next < word.count {
            // Mythili is Maithili.
            key.append("a")
            key.append("i")
        } else if !isBeginning {
            appendI()
        }
        index = next
    }

    mutating func foldO() {
        let next = index + 1
        switch letter(next) {
        case "o":
            key.append("u")
            index = end(of: "o", from: next)
        case "u":
            key.append("o")
            index = end(of: "u", from: next)
        case "w" where !isVowel(next + 1):
            key.append("o")
            index = next + 1
        case "y" where !isVowel(end(of: "y", from: next)):
            // Bijoy is Vijay in Bengal, and Joydeep is Jaydeep.
            index = end(of: "y", from: next)
            if !isOpenEnd(index) { key += ["a", "i"] }
        case "i", "y", "e": foldOI(from: next)
        case "a" where "iy".unicodeScalars.contains(letter(end(of: "a", from: next))): foldOI(from: next)
        default:
            if index == 0 || !isOpenEnd(next) { key.append("o") }
            index = next
        }
    }

    /// Goyal is Goel, Shoaib is Shoyeb.
    private mutating func foldOI(from place: Int) {
        key.append("o")
        key.append("i")
        index = end(of: "i", "y", "e", "a", from: place)
    }

    mutating func foldU() {
        let next = end(of: "u", from: index)
        if isVowelR {
            appendI()
        } else if !isUnheardU(next) {
            key.append("u")
        }
        index = next
    }

    /// The vowel ऋ is ri in the north and ru elsewhere: Krishna and Krushna, Dhriti and Dhruti, but not Guru or Shahrukh.
    private var isVowelR: Bool {
        guard letter(index - 1) == "r", letter(index - 2) != "r" else { return false }
        return Self.isConsonant(letter(index - 2)) && (letter(index - 2) != "h" || Self.isConsonant(letter(index - 3)))
    }

    /// Chowdhury is Chaudhari.
    private func isUnheardU(_ next: Int) -> Bool {
        let stop = letter(index - 1) == "h" ? index - 2 : index - 1
        guard letter(stop) == "d", letter(stop - 1) == "u" || letter(stop - 1) == "w" else { return false }
        return letter(next) == "r" || isOpenEnd(next)
    }
}
