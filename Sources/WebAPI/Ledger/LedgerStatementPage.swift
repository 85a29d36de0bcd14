// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core

/// A statement as a page to print, in the customer's language.
struct LedgerStatementPage: LedgerStatementWriter {
    let business: String
    let words: LedgerWords

    func beginning(_ subject: LedgerStatement.Subject, openingPaise: Int) -> [UInt8] {
        let fields = subject.customer.fields
        let customer = fields.name ?? fields.phone?.e164 ?? fields.email?.address ?? ""
        return bytes(
            PrintedPage.head(words.language.rawValue, "\(words.title) – \(business)"),
            """
            <main><h1>\(typed(business))</h1><p>\(words.title)</p><p>\(words.customer): \(typed(customer))</p>\
            <p>\(words.span(subject.first, subject.last))</p>
            <table><thead><tr><th scope="col">\(words.day)</th><th scope="col">\(words.particulars)</th>\
            <th scope="col" class="n">\(words.debit)</th><th scope="col" class="n">\(words.credit)</th>\
            <th scope="col" class="n">\(words.balance)</th></tr></thead><tbody>

            """, sum(subject.first, words.opening, openingPaise))
    }

    func lines(_ lines: [LedgerLine]) -> [UInt8] {
        bytes(
            lines.map { line in
                let entry = line.entry, change = entry.changePaise, amount = "\(Rupees(paise: entry.amountPaise))"
                return row(
                    entry.occurredOn, typed(words.particulars(of: entry)), change > 0 ? amount : "",
                    change < 0 ? amount : "", line.balancePaise)
            }.joined())
    }

    func ending(_ subject: LedgerStatement.Subject, closingPaise: Int) -> [UInt8] {
        bytes(sum(subject.last, words.closing, closingPaise), "</tbody></table></main>\n", PrintedPage.tail)
    }

    private func sum(_ day: LedgerDay?, _ name: String, _ paise: Int) -> String {
        row(day, name, "", "", paise, style: " class=\"s\"")
    }

    private func row(
        _ day: LedgerDay?, _ particulars: String, _ debit: String, _ credit: String, _ paise: Int, style: String = ""
    ) -> String {
        """
        <tr\(style)><td>\(day?.written ?? "")</td><td>\(particulars)</td><td class="n">\(debit)</td>\
        <td class="n">\(credit)</td><td class="n">\(words.owed(paise))</td></tr>

        """
    }

    /// What people have typed, which keeps its own direction of writing to itself: names may be in Urdu. All else on the page is words and
    /// figures of ours.
    private func typed(_ text: String) -> String { "<bdi>\(PrintedPage.escaped(text))</bdi>" }

    private func bytes(_ parts: String...) -> [UInt8] { parts.flatMap { Array($0.utf8) } }
}
