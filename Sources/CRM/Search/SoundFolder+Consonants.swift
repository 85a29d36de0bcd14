// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension SoundFolder {
    mutating func foldConsonant() {
        let letter = word[index]
        if isDoubled(letter) {
            index += 1
            return
        }
        switch letter {
        case "c": foldC()
        case "k": aspirated("k")
        case "g": foldG()
        case "q":
            aspirated("k")
            foldUBehindQ()
        case "d" where isNasalGlide(index + 1):
            // Dnyaneshwar is Gyaneshwar.
            key += ["k", "n"]
            index += 3
        case "t", "d": aspirated("t")
        case "v" where isSilentV, "w" where isSilentV: index += 1
        case "p", "b", "f", "v", "w": aspirated("p")
        case "j": aspirated("j")
        case "s": aspirated("s")
        case "z": foldZ()
        case "x":
            key += index == 0 ? ["s"] : ["k", "s"]
            index += 1
        case "h": foldH()
        default:
            key.append(letter)
            index += 1
        }
    }

    /// tt and thth, but not the digits 22.
    private func isDoubled(_ scalar: Unicode.Scalar) -> Bool {
        guard Self.isConsonant(scalar), scalar != "c", scalar != "h" else { return false }
        return letter(index - 1) == scalar || (letter(index - 1) == "h" && letter(index - 2) == scalar)
    }

    /// A consonant with the h's that only say how it is breathed.
    private mutating func aspirated(_ sound: Unicode.Scalar) {
        key.append(sound)
        index = end(of: "h", from: index + 1)
    }

    /// Ramaswamy is Ramasamy.
    private var isSilentV: Bool {
        guard letter(index - 1) == "s" else { return false }
        let next = end(of: "a", from: index + 1)
        if isOpenEnd(next) { return true }
        guard letter(next) == "m" else { return false }
        return letter(next + 1) == "i" || letter(next + 1) == "y" || isOpenEnd(next + 1)
    }

    private mutating func foldC() {
        switch letter(index + 1) {
        case "h":
            let isSecond = letter(index - 1) == "h" && letter(index - 2) == "c"
            // Tamil writes Kanchana and Anjali with one letter.
            if !isSecond { key.append(letter(index - 1) == "n" ? "j" : "s") }
            index = end(of: "h", from: index + 1)
        // Bachchan, Bacchan, Rebecca, Nickil: what follows decides.
        case "c", "k": index += 1
        case "e", "i", "y":
            key.append("s")
            index += 1
        default:
            if !isOpenEnd(index + 1) {
                key.append("k")
            } else if index == 0 {
                key.append("s")
            }
            index += 1
        }
    }

    /// The cluster ज्ञ is gy in the north, gn elsewhere: Pragya and Pragna.
    private mutating func foldG() {
        if letter(index + 1) == "y", isVowel(index + 2) {
            key += ["k", "n"]
            index += 2
        } else if isNasalGlide(index + 1) {
            key += ["k", "n"]
            index += 3
        } else {
            aspirated("k")
        }
    }

    /// ny before a vowel, as in Dnyaneshwar.
    private func isNasalGlide(_ place: Int) -> Bool {
        letter(place) == "n" && letter(place + 1) == "y" && isVowel(place + 2)
    }

    /// Siddiqui is Siddiki, but in Qureshi the u is heard.
    private mutating func foldUBehindQ() {
        let next = end(of: "u", from: index)
        if letter(next) == "i" || letter(next) == "e" || isOpenEnd(next) { index = next }
    }

    /// zh is the Tamil letter of Kuzhali and Pazhani, except in Azhar and Mazhar.
    private mutating func foldZ() {
        let next = end(of: "h", from: index + 1), vowel = end(of: "a", from: next)
        if index == 0 {
            key.append("j")
        } else if next == index + 1 {
            if !isOpenEnd(next) { key.append("j") }
        } else if vowel > next, letter(vowel) == "r" {
            key += ["j", "h"]
        } else if !isOpenEnd(vowel) {
            key.append("l")
        }
        index = next
    }

    /// An h is heard where a word begins and before a vowel, unless it belongs to the letter before: Harish, Mahesh, Sinha.
    private mutating func foldH() {
        let next = end(of: "h", from: index)
        if index == 0 {
            key.append("h")
        } else if isVowel(index - 1) || letter(index - 1) == "y" {
            if next < word.count { key.append("h") }
        } else if index >= 2, isVowel(next), "lmnr".unicodeScalars.contains(letter(index - 1)) {
            key.append("h")
        }
        index = next
    }
}
