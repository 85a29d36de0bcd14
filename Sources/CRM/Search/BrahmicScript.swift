// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The scripts of India that descend from Brahmi, in the order of their blocks in Unicode.
///
/// Unicode took the blocks over from ISCII (IS 13194:1991), where each script has its letters at the same places: the
/// letter *ka* stands 0x15 behind the start of every block. So one table serves all nine, with a few exceptions each.
enum BrahmicScript: Int {
    case devanagari, bengali, gurmukhi, gujarati, odia, tamil, telugu, kannada, malayalam

    static let scalars: ClosedRange<UInt32> = 0x0900...0x0D7F

    /// Nil when the scalar is of no such script.
    init?(of scalar: Unicode.Scalar) {
        guard Self.scalars.contains(scalar.value) else { return nil }
        self.init(rawValue: Int(scalar.value - Self.scalars.lowerBound) >> 7)
    }

    /// In the north the vowel that a last consonant carries unwritten is not spoken: राम is Ram, ರಾಮ is Rama.
    var dropsLastVowel: Bool { rawValue <= Self.gujarati.rawValue }

    /// In the south the dot for a nasal is *m* unless the next letter makes it another: వంశి is Vamsi, वंशी is Vanshi.
    var nasalIsM: Bool { rawValue >= Self.telugu.rawValue }
}

/// What a scalar of a Brahmic script does to the syllable that it stands in, with the Latin letters that it sounds like.
enum BrahmicLetter {
    /// Carries the vowel *a* until a sign says otherwise.
    case consonant(String)
    /// A consonant that never carries a vowel, as the chillu letters of Malayalam.
    case deadConsonant(String)
    case vowel(String)
    /// The vowel of the consonant before it.
    case vowelSign(String)
    /// Takes the vowel from the consonant before it.
    case virama
    /// The dot that makes another consonant of the one before it: ज is ja, ज़ is za.
    case nukta
    case nasal
    /// Doubles the next consonant, in Gurmukhi.
    case doubling
    case breath
    case digit(Unicode.Scalar)
    case silent
    /// A sign, a fraction or a place without a letter.
    case other

    /// - Parameter scalar: one of `BrahmicScript.scalars`; others are `other`.
    static func letter(_ scalar: Unicode.Scalar) -> BrahmicLetter {
        guard BrahmicScript.scalars.contains(scalar.value) else { return .other }
        return table[Int(scalar.value - BrahmicScript.scalars.lowerBound)]
    }

    /// The place of a scalar in its block, 0...0x7F.
    static func place(of scalar: Unicode.Scalar) -> UInt32 { scalar.value & 0x7F }

    private static let table: [BrahmicLetter] = {
        var table = Array(repeatElement(parallel, count: 9).joined())
        for (scalar, letter) in exceptions { table[Int(scalar.value - BrahmicScript.scalars.lowerBound)] = letter }
        return table
    }()

    private static let parallel: [BrahmicLetter] = {
        var block = Array(repeating: BrahmicLetter.other, count: 0x80)
        for place in 0x00...0x02 { block[place] = .nasal }
        block[0x03] = .breath
        let vowels = "a a i i u u ri li e e e ai o o o au".split(separator: " ")
        for (place, latin) in zip(0x05..., vowels) { block[place] = .vowel(String(latin)) }
        let consonants = "k kh g gh ng ch chh j jh n t th d dh n t th d dh n n p ph b bh m y r r l l zh v sh sh s h"
        for (place, latin) in zip(0x15..., consonants.split(separator: " ")) {
            block[place] = .consonant(String(latin))
        }
        block[0x3C] = .nukta
        block[0x3D] = .silent
        let signs = "a i i u u ri ri e e e ai o o o au".split(separator: " ")
        for (place, latin) in zip(0x3E..., signs) { block[place] = .vowelSign(String(latin)) }
        block[0x4D] = .virama
        block[0x50] = .vowel("om")
        for place in 0x51...0x55 { block[place] = .silent }
        block[0x56] = .vowelSign("ai")
        block[0x57] = .vowelSign("au")
        block[0x60] = .vowel("ri")
        block[0x61] = .vowel("li")
        for place in 0x62...0x63 { block[place] = .vowelSign("li") }
        for digit in 0...9 { block[0x66 + digit] = .digit(Unicode.Scalar(0x30 + UInt8(digit))) }
        return block
    }()

    private static let exceptions: [(Unicode.Scalar, BrahmicLetter)] = [
        // Devanagari: letters of Marathi, Kashmiri, Sindhi and Marwari.
        ("\u{0904}", .vowel("a")), ("\u{093A}", .vowelSign("o")), ("\u{093B}", .vowelSign("o")),
        ("\u{094E}", .vowelSign("e")), ("\u{094F}", .vowelSign("au")), ("\u{0955}", .vowelSign("e")),
        ("\u{0956}", .vowelSign("u")), ("\u{0957}", .vowelSign("u")), ("\u{0971}", .silent),
        ("\u{0972}", .vowel("a")), ("\u{0973}", .vowel("o")), ("\u{0974}", .vowel("o")), ("\u{0975}", .vowel("au")),
        ("\u{0976}", .vowel("u")), ("\u{0977}", .vowel("u")), ("\u{0978}", .consonant("d")),
        ("\u{0979}", .consonant("zh")), ("\u{097A}", .consonant("y")), ("\u{097B}", .consonant("g")),
        ("\u{097C}", .consonant("j")), ("\u{097D}", .silent), ("\u{097E}", .consonant("d")),
        ("\u{097F}", .consonant("b")),
        // Bengali and Assamese: khanda ta, ra and wa.
        ("\u{09CE}", .deadConsonant("t")), ("\u{09F0}", .consonant("r")), ("\u{09F1}", .consonant("w")),
        ("\u{09FC}", .nasal), ("\u{09FE}", .silent),
        // Gurmukhi: tippi, addak, the bearers of vowel signs, yakash.
        ("\u{0A70}", .nasal), ("\u{0A71}", .doubling), ("\u{0A72}", .silent), ("\u{0A73}", .silent),
        ("\u{0A75}", .vowelSign("ya")),
        ("\u{0AF9}", .consonant("zh")),
        ("\u{0B5F}", .consonant("y")), ("\u{0B71}", .consonant("w")),
        // Tamil: aytham only changes the letter behind it.
        ("\u{0B83}", .silent), ("\u{0B9E}", .consonant("nj")),
        ("\u{0C04}", .nasal), ("\u{0C58}", .consonant("ts")), ("\u{0C59}", .consonant("dz")),
        ("\u{0C5A}", .consonant("r")), ("\u{0C5D}", .deadConsonant("n")),
        ("\u{0CDD}", .deadConsonant("n")), ("\u{0CDE}", .consonant("l")), ("\u{0CF3}", .nasal),
        // Malayalam: three viramas, the dot for r, the chillu letters.
        ("\u{0D04}", .nasal), ("\u{0D1E}", .consonant("nj")), ("\u{0D3A}", .consonant("t")), ("\u{0D3B}", .virama),
        ("\u{0D3C}", .virama), ("\u{0D4E}", .deadConsonant("r")), ("\u{0D54}", .deadConsonant("m")),
        ("\u{0D55}", .deadConsonant("y")), ("\u{0D56}", .deadConsonant("zh")), ("\u{0D5F}", .vowel("i")),
        ("\u{0D7A}", .deadConsonant("n")), ("\u{0D7B}", .deadConsonant("n")), ("\u{0D7C}", .deadConsonant("r")),
        ("\u{0D7D}", .deadConsonant("l")), ("\u{0D7E}", .deadConsonant("l")), ("\u{0D7F}", .deadConsonant("k")),
    ]

    /// The consonant at a place once it has a nukta; nil when the dot changes nothing.
    static func withNukta(_ place: UInt32) -> String? {
        switch place {
        case 0x15: "q"
        case 0x1C: "z"
        case 0x21, 0x22: "r"
        case 0x2B: "f"
        case 0x33: "zh"
        case 0x38: "sh"
        default: nil
        }
    }

    /// The vowel that two signs write together, as Unicode composes it; nil when they are two vowels.
    static func joined(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        guard BrahmicScript.scalars.contains(second.value), first.value >> 7 == second.value >> 7 else { return nil }
        let whole: UInt32
        switch (place(of: first), place(of: second)) {
        case (0x46, 0x3E), (0x46, 0x42): whole = 0x4A
        case (0x47, 0x3E): whole = 0x4B
        case (0x46, 0x46), (0x46, 0x56), (0x47, 0x56): whole = 0x48
        case (0x46, 0x57), (0x47, 0x57): whole = 0x4C
        case (0x12, 0x57): whole = 0x14
        default: return nil
        }
        return Unicode.Scalar(second.value & ~0x7F | whole)
    }

    /// Letters with a nukta that have a scalar of their own, as the two that Unicode composes them from.
    static func decomposed(_ scalar: Unicode.Scalar) -> (Unicode.Scalar, Unicode.Scalar)? {
        switch scalar {
        case "\u{0929}": ("\u{0928}", "\u{093C}")
        case "\u{0931}": ("\u{0930}", "\u{093C}")
        case "\u{0934}": ("\u{0933}", "\u{093C}")
        case "\u{0958}": ("\u{0915}", "\u{093C}")
        case "\u{0959}": ("\u{0916}", "\u{093C}")
        case "\u{095A}": ("\u{0917}", "\u{093C}")
        case "\u{095B}": ("\u{091C}", "\u{093C}")
        case "\u{095C}": ("\u{0921}", "\u{093C}")
        case "\u{095D}": ("\u{0922}", "\u{093C}")
        case "\u{095E}": ("\u{092B}", "\u{093C}")
        case "\u{095F}": ("\u{092F}", "\u{093C}")
        case "\u{09DC}": ("\u{09A1}", "\u{09BC}")
        case "\u{09DD}": ("\u{09A2}", "\u{09BC}")
        case "\u{09DF}": ("\u{09AF}", "\u{09BC}")
        case "\u{0A33}": ("\u{0A32}", "\u{0A3C}")
        case "\u{0A36}": ("\u{0A38}", "\u{0A3C}")
        case "\u{0A59}": ("\u{0A16}", "\u{0A3C}")
        case "\u{0A5A}": ("\u{0A17}", "\u{0A3C}")
        case "\u{0A5B}": ("\u{0A1C}", "\u{0A3C}")
        case "\u{0A5C}": ("\u{0A21}", "\u{0A3C}")
        case "\u{0A5E}": ("\u{0A2B}", "\u{0A3C}")
        case "\u{0B5C}": ("\u{0B21}", "\u{0B3C}")
        case "\u{0B5D}": ("\u{0B22}", "\u{0B3C}")
        default: nil
        }
    }
}
