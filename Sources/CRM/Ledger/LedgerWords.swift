// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a customer reads of their book: in Hindi, or in English for all others.
package struct LedgerWords: Sendable {
    package let language: Language

    /// Those that there are words in.
    package static let languages: [Language] = [.english, .hindi]

    /// - Parameter language: the customer's.
    package init(_ language: Language?) { self.language = language == .hindi ? .hindi : .english }

    private var isHindi: Bool { language == .hindi }

    // MARK: - A statement

    package var title: String { isHindi ? "खाते का विवरण" : "Statement of account" }
    package var day: String { isHindi ? "तारीख" : "Date" }
    package var particulars: String { isHindi ? "विवरण" : "Particulars" }
    package var debit: String { isHindi ? "उधार" : "Debit" }
    package var credit: String { isHindi ? "जमा" : "Credit" }
    package var balance: String { isHindi ? "बाकी" : "Balance" }
    package var opening: String { isHindi ? "शुरुआती बाकी" : "Opening balance" }
    package var closing: String { isHindi ? "कुल बाकी" : "Closing balance" }
    package var ahead: String { isHindi ? "एडवांस" : "advance" }
    package var customer: String { isHindi ? "ग्राहक" : "Customer" }

    /// `01/01/2026 – 31/01/2026`.
    package func span(_ first: LedgerDay?, _ last: LedgerDay) -> String {
        guard let first else { return isHindi ? "\(last.written) तक" : "Until \(last.written)" }
        return "\(first.written) – \(last.written)"
    }

    /// What is owed; what was paid ahead is said to be.
    package func owed(_ paise: Int) -> String {
        paise < 0 ? "\(Rupees(paise: -paise)) \(ahead)" : "\(Rupees(paise: paise))"
    }

    package func kind(_ entry: LedgerEntry) -> String {
        switch entry.kind {
        case .given: isHindi ? "उधार दिया" : "Given on credit"
        case .received: (isHindi ? "भुगतान मिला" : "Payment") + (entry.method.map { " (\(method($0)))" } ?? "")
        case .adjusted: isHindi ? "सुधार" : "Adjustment"
        case .reversal: isHindi ? "प्रविष्टि रद्द" : "Entry taken back"
        }
    }

    /// With whatever was noted.
    package func particulars(of entry: LedgerEntry) -> String {
        var parts = [kind(entry)] + [entry.reason, entry.note].compactMap { $0 }
        if let due = entry.dueOn { parts.append(isHindi ? "देय \(due.written)" : "due \(due.written)") }
        return parts.joined(separator: ", ")
    }

    private func method(_ method: LedgerEntry.Method) -> String {
        switch method {
        case .cash: isHindi ? "नकद" : "cash"
        case .upi: "UPI"
        case .card: isHindi ? "कार्ड" : "card"
        case .bank: isHindi ? "बैंक" : "bank"
        case .other: isHindi ? "अन्य" : "other"
        }
    }

    // MARK: - A reminder

    /// What a shop sends to a customer who owes something.
    func reminder(
        to name: String?, of paise: Int, due: LedgerDay?, today: LedgerDay, by business: String, payee: UPIAddress?
    ) -> String {
        let amount = Rupees(paise: paise)
        var sentences: [String]
        if isHindi {
            sentences = [name.map { "नमस्ते \($0)," } ?? "नमस्ते,", "\(business) में आपके \(amount) बाकी हैं।"]
            if let due {
                sentences.append(due < today ? "भुगतान की तारीख \(due.written) थी।" : "कृपया \(due.written) तक भुगतान करें।")
            }
            if let payee { sentences.append("UPI से भुगतान करने के लिए: \(payee)") }
            sentences.append("धन्यवाद।")
        } else {
            sentences = [name.map { "Namaste \($0)," } ?? "Namaste,", "\(amount) is due at \(business)."]
            if let due {
                sentences.append(due < today ? "It was due on \(due.written)." : "Please pay by \(due.written).")
            }
            if let payee { sentences.append("To pay by UPI: \(payee)") }
            sentences.append("Thank you.")
        }
        return sentences.joined(separator: "\n")
    }
}
