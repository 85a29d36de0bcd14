// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Names that are spelt in ways that no rule of sound brings together.
enum NameSpelling {
    /// The word as rules of sound read it rightly.
    static func respelt(_ word: ArraySlice<Unicode.Scalar>, isBeginning: Bool) -> [Unicode.Scalar] {
        if let other = words[Array(word)] { return other }
        var word = word
        if !isBeginning {
            // Kishore and Ghose end in no vowel; Sinh is how Gujarat writes Singh.
            if word.ends(with: "ore") || word.ends(with: "ose") { word.removeLast() }
            if word.ends(with: "sinh") { word = word.dropLast() + Array("g".unicodeScalars) }
        }
        for (beginning, other) in beginnings where word.starts(with: beginning) {
            return other + word.dropFirst(beginning.count)
        }
        return Array(word)
    }

    private static let words: [[Unicode.Scalar]: [Unicode.Scalar]] = table([
        "md": "muhammad", "mohd": "muhammad", "mohmd": "muhammad",
        "hossain": "hussain", "hossein": "hussain", "hosen": "hussain", "husen": "hussain", "hussein": "hussain",
        "sheikh": "shekh", "shaikh": "shekh", "shaik": "shekh", "sheik": "shekh", "syed": "sayyad",
        "rehman": "rahman", "begum": "begam", "mondal": "mandal", "dutta": "datta", "dutt": "datta",
        "chakraborty": "chakrabarti", "john": "jon", "george": "jorj", "joseph": "josaph", "david": "devid",
        "mary": "meri", "mathew": "mathyu", "varghese": "vargis", "xavier": "seviyar",
    ])

    private static let beginnings: [([Unicode.Scalar], [Unicode.Scalar])] = [
        ("moh", "muh"), ("leksh", "laksh"), ("lex", "lax"), ("luksh", "laksh"), ("lux", "lax"),
        ("eshw", "ishw"), ("eshv", "ishv"), ("esw", "isw"), ("esv", "isv"),
        ("hru", "ri"), ("hr", "r"), ("geo", "jo"), ("jn", "gn"), ("jey", "jay"), ("you", "yu"), ("jyo", "jo"),
    ].map { (Array($0.unicodeScalars), Array($1.unicodeScalars)) }

    /// Keys of one name, by the one that stands for all.
    static let sameName: [[Unicode.Scalar]: [Unicode.Scalar]] = table([
        "muhmet": "muhmt", "muhmtu": "muhmt", "mhmt": "muhmt", "ahmet": "ahmt", "ahmtu": "ahmt",
    ])

    private static func table(_ pairs: [String: String]) -> [[Unicode.Scalar]: [Unicode.Scalar]] {
        var table: [[Unicode.Scalar]: [Unicode.Scalar]] = [:]
        for (spelling, other) in pairs { table[Array(spelling.unicodeScalars)] = Array(other.unicodeScalars) }
        return table
    }
}

extension ArraySlice<Unicode.Scalar> {
    fileprivate func ends(with ending: String) -> Bool {
        suffix(ending.unicodeScalars.count).elementsEqual(ending.unicodeScalars)
    }
}
