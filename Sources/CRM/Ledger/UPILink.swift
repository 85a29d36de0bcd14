// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A link that opens a customer's payment app with all that it needs to pay filled in (NPCI, "UPI Linking Specifications" 1.6). It asks for
/// money and proves nothing: whether it was paid is seen in the account alone.
///
///     upi://pay?pa=meera%40ybl&pn=Meera%20Tailors&am=1500.00&cu=INR&tn=Khata&tr=01a205e9aa14712fa8d81f81ce8610b3
package struct UPILink: Hashable, Sendable {
    /// `pa`: where the money goes.
    package let payee: UPIAddress
    /// `pn`: who that is, as the app shows it.
    package let name: String
    /// `am`, in rupees with two digits behind the point; the payer chooses when nil.
    package let amountPaise: Int?
    /// `tn`: what it is for.
    package let note: String?
    /// `tr`: what we know it by. Letters and digits of ASCII.
    package let reference: String?

    package static let maximumNameBytes = 99, maximumNoteBytes = 50, maximumReferenceBytes = 35, maximumBytes = 2_048

    /// Nil for an amount below a paisa or above ``LedgerEntry/maximumBalancePaise``, and for a reference that is none. A name and a note
    /// that are too long are cut between letters.
    package init?(payee: UPIAddress, name: String, amountPaise: Int?, note: String? = nil, reference: String? = nil) {
        guard amountPaise.map({ (1...LedgerEntry.maximumBalancePaise).contains($0) }) ?? true,
            reference.map(Self.isReference) ?? true
        else { return nil }
        self.payee = payee
        self.name = Self.cut(name, Self.maximumNameBytes)
        self.amountPaise = amountPaise
        self.note = note.map { Self.cut($0, Self.maximumNoteBytes) }
        self.reference = reference
    }

    private static func isReference(_ text: String) -> Bool {
        (1...maximumReferenceBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }

    /// As many whole letters, with their vowel signs, as there is room for.
    private static func cut(_ text: String, _ maximumBytes: Int) -> String {
        var cut = "", bytes = 0
        for letter in text {
            bytes += letter.utf8.count
            if bytes > maximumBytes { break }
            cut.append(letter)
        }
        return cut.trimmingWhitespace
    }

    /// Every value percent-encoded, a space as `%20`: apps read a plus as a plus.
    package var text: String {
        var pairs = [("pa", payee.value), ("pn", name)]
        if let amountPaise { pairs.append(("am", Rupees(paise: amountPaise).decimal)) }
        pairs.append(("cu", "INR"))
        if let note { pairs.append(("tn", note)) }
        if let reference { pairs.append(("tr", reference)) }
        return "upi://pay?" + pairs.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }

    /// Reads ``text``, and links of others: in any order, with parameters of theirs, which are passed over.
    /// - Returns: nil for another scheme or currency, for a parameter that is there twice, and for what ``init(payee:name:amountPaise:note:reference:)``
    ///   does not take.
    package static func parse(_ text: String) -> UPILink? {
        guard text.utf8.count <= maximumBytes, text.lowercased().hasPrefix("upi://pay?") else { return nil }
        var values: [String: String] = [:]
        for pair in text.dropFirst("upi://pay?".count).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1]), values[String(parts[0])] == nil else {
                return nil
            }
            values[String(parts[0])] = value
        }
        guard let payee = values["pa"].flatMap({ UPIAddress($0) }), values["cu"] ?? "INR" == "INR" else { return nil }
        var amount: Int?
        if let text = values["am"] {
            guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }), let rupees = Rupees(text)
            else { return nil }
            amount = rupees.paise
        }
        return UPILink(
            payee: payee, name: values["pn"] ?? "", amountPaise: amount, note: values["tn"], reference: values["tr"])
    }
}
