// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Money of India: a whole number of paise, of which a rupee has a hundred.
package struct Rupees: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let paise: Int

    package init(paise: Int) { self.paise = paise }

    package static func < (left: Rupees, right: Rupees) -> Bool { left.paise < right.paise }

    /// The most that is read from text: ten million million rupees.
    package static let maximumPaise = 1_000_000_000_000_000

    // MARK: - As text

    /// As people in India write it: `₹12,34,567.89`, the last three digits of the rupees by themselves and then two at a time.
    package var description: String {
        let (rupees, rest) = (paise.magnitude / 100, paise.magnitude % 100)
        var head = Substring(String(rupees)), groups = [head.suffix(3)]
        head = head.dropLast(3)
        while !head.isEmpty {
            groups.append(head.suffix(2))
            head = head.dropLast(2)
        }
        return (paise < 0 ? "-₹" : "₹") + groups.reversed().joined(separator: ",") + Self.fraction(rest)
    }

    /// As programs write it: `1234567.89`.
    package var decimal: String {
        (paise < 0 ? "-" : "") + String(paise.magnitude / 100) + Self.fraction(paise.magnitude % 100)
    }

    private static func fraction(_ paise: UInt) -> String { paise < 10 ? ".0\(paise)" : ".\(paise)" }

    // MARK: - From text

    /// Reads an amount as people type it: with `₹`, `Rs`, `Rs.` or `INR` before it or nothing, with or without commas, up to two digits
    /// behind the point, `/-` at the end, in digits of any script. Commas stand where they do in India, or where they do elsewhere.
    /// - Returns: nil for anything else, and for more than ``maximumPaise``.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var rest = text.trimmingWhitespace[...], isNegative = false
        if rest.first == "-" {
            isNegative = true
            rest = rest.dropFirst()
        }
        for symbol in ["₹", "Rs.", "Rs", "INR"] where rest.lowercased().hasPrefix(symbol.lowercased()) {
            rest = rest.dropFirst(symbol.count)
            break
        }
        if rest.hasSuffix("/-") { rest = rest.dropLast(2) }
        let parts = rest.trimmingWhitespace.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let rupees = Self.whole(whole),
            let paise = parts.count == 2 ? Self.fraction(parts[1]) : 0
        else { return nil }
        let (product, overflows) = rupees.multipliedReportingOverflow(by: 100)
        guard !overflows, product <= Self.maximumPaise - paise else { return nil }
        self.paise = isNegative ? -(product + paise) : product + paise
    }

    /// Digits, with commas between groups of them or none.
    private static func whole(_ text: Substring) -> Int? {
        let groups = text.split(separator: ",", omittingEmptySubsequences: false)
        let sizes = groups.map { $0.unicodeScalars.count }
        if groups.count > 1 {
            let isClosed = sizes[0] > 0 && sizes.last == 3, middle = sizes.dropFirst().dropLast()
            let isIndian = sizes[0] <= 2 && middle.allSatisfy { $0 == 2 }
            let isWestern = sizes[0] <= 3 && middle.allSatisfy { $0 == 3 }
            guard isClosed, isIndian || isWestern else { return nil }
        }
        return number(groups.joined())
    }

    private static func fraction(_ text: Substring) -> Int? {
        guard (1...2).contains(text.unicodeScalars.count), let number = number(String(text)) else { return nil }
        return text.unicodeScalars.count == 1 ? number * 10 : number
    }

    /// One to fifteen digits.
    private static func number(_ text: String) -> Int? {
        guard (1...15).contains(text.unicodeScalars.count) else { return nil }
        var number = 0
        for scalar in text.unicodeScalars {
            guard let digit = DecimalDigit.value(of: scalar) else { return nil }
            number = number * 10 + Int(digit)
        }
        return number
    }
}
