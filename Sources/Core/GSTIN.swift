// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The number under which a business pays goods and services tax in India: 15 letters and digits, the last of them a check on the
/// others. That it passes does not mean that it is registered.
package struct GSTIN: Hashable, Sendable, CustomStringConvertible {
    /// In capitals, such as `27AAPFU0939F1ZV`.
    package let value: String

    package var description: String { value }

    /// One that was validated before it was stored.
    package init(stored value: String) { self.value = value }

    /// Reads it as typed: spaces and dashes between, in any case.
    package init?(_ text: String) {
        let letters = text.uppercased().utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "-") }
        guard letters.count == 15, Self.hasItsShape(letters), let check = Self.check(letters.prefix(14)),
            check == letters[14]
        else { return nil }
        value = String(decoding: letters, as: UTF8.self)
    }

    /// - Throws: `FieldError` with code `invalid_gstin`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let gstin = GSTIN(text) else {
            throw FieldError(pointer, "invalid_gstin", "Give the 15 letters and digits as on your tax papers.")
        }
        self = gstin
    }

    /// Two digits of the state, ten of the holder's PAN, one that counts their registrations there, a `Z`, the check.
    private static func hasItsShape(_ letters: [UInt8]) -> Bool {
        func isDigit(_ index: Int) -> Bool { (48...57).contains(letters[index]) }
        func isLetter(_ index: Int) -> Bool { (65...90).contains(letters[index]) }
        guard isDigit(0), isDigit(1), (2...6).allSatisfy(isLetter), (7...10).allSatisfy(isDigit), isLetter(11),
            letters[12] != UInt8(ascii: "0"), isDigit(12) || isLetter(12), letters[13] == UInt8(ascii: "Z")
        else { return false }
        let state = Int(letters[0] - 48) * 10 + Int(letters[1] - 48)
        let isSomeNumber = letters[7...10].contains { $0 != UInt8(ascii: "0") }
        return (1...38).contains(state) || state == 97 ? isSomeNumber && "ABCFGHJKLPT".utf8.contains(letters[5]) : false
    }

    /// By the weights 1 and 2 in turn, the quotient and the remainder of each product by 36 added up.
    private static func check(_ letters: some Sequence<UInt8>) -> UInt8? {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        var sum = 0
        for (index, letter) in letters.enumerated() {
            guard let digit = alphabet.firstIndex(of: letter) else { return nil }
            let product = digit * (index % 2 + 1)
            sum += product / 36 + product % 36
        }
        return alphabet[(36 - sum % 36) % 36]
    }
}
