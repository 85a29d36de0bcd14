// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Folds one Latin word to what is heard of it.
///
/// India writes its names in Latin letters by ear, and every region hears differently. What no two writers agree on falls
/// together: *a*, long or short, is left out but where a word begins; aspiration and doubling are left out; *ee* and *i*,
/// *oo* and *u*, *au* and *o* are one. Voice is left out as well (k and g, t and d, p and b), because Tamil does not write
/// it; *v* is *b* as in the east, *ch* is *s*, and *z*, *j* and a first *y* are one. The vowels e, i, o, u and the
/// diphthong ai stay, and keep Ramesh, Mukesh and Mohan apart.
///
/// *y* is heard as *i*: Kavya, Kaviya and Kavia are all `kpia`, where the *a* stays to tell them from Kavi.
struct SoundFolder {
    /// Lower case, without spaces.
    let word: [Unicode.Scalar]
    /// The word is typed so far: more letters may follow.
    let isBeginning: Bool
    var key: [Unicode.Scalar] = []
    var index = 0

    init(_ word: ArraySlice<Unicode.Scalar>, isBeginning: Bool) {
        self.word = NameSpelling.respelt(word, isBeginning: isBeginning)
        self.isBeginning = isBeginning
    }

    mutating func fold() -> [Unicode.Scalar] {
        key.reserveCapacity(word.count)
        while index < word.count {
            switch word[index] {
            case "a": foldA()
            case "e": foldE()
            case "i": foldI()
            case "o": foldO()
            case "u": foldU()
            case "y": foldY()
            default: foldConsonant()
            }
        }
        dropUnheardE()
        return NameSpelling.sameName[key] ?? key
    }

    /// The e before r is written a or not at all: Sunder and Sundar, Verma and Varma, Banerjee and Banarji.
    private mutating func dropUnheardE() {
        // Of Kaver may come Kaveri, where it is heard.
        if isBeginning, key.count > 2, key.suffix(2).elementsEqual(["e", "r"]) { key.removeLast(2) }
        guard key.contains("e") else { return }
        key = key.indices.filter { key[$0] != "e" || !isUnheardE($0) }.map { key[$0] }
    }

    private func isUnheardE(_ place: Int) -> Bool {
        guard place >= 1, place + 1 < key.count, key[place + 1] == "r" else { return false }
        return place + 2 < key.count ? Self.isConsonant(key[place + 2]) : place >= 2
    }

    /// The letter at a place; a space outside of the word.
    func letter(_ place: Int) -> Unicode.Scalar { word.indices.contains(place) ? word[place] : " " }

    func isVowel(_ place: Int) -> Bool {
        switch letter(place) {
        case "a", "e", "i", "o", "u": true
        default: false
        }
    }

    static func isConsonant(_ letter: Unicode.Scalar) -> Bool {
        switch letter {
        case "a", "e", "i", "o", "u", "y": false
        case "a"..."z": true
        default: false
        }
    }

    /// The place behind a run of the given letters.
    func end(of letters: Unicode.Scalar..., from place: Int) -> Int {
        var place = place
        while place < word.count, letters.contains(word[place]) { place += 1 }
        return place
    }

    /// Whether what was typed so far ends at this place.
    func isOpenEnd(_ place: Int) -> Bool { isBeginning && place == word.count }
}
