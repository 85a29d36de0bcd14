// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a shop sends to a customer who owes something, with a way to pay.
package struct LedgerReminder: Sendable, Equatable {
    package let customer: Customer.ID
    package let balancePaise: Int
    package let language: Language
    package let text: String
    /// Nil when the business has not said to which UPI id money is sent.
    package let link: UPILink?

    /// As the customer's payment app shows it. In letters that every app takes.
    private static let note = "Khata"

    /// - Parameters:
    ///   - business: what it calls itself.
    ///   - language: the customer's when nil.
    /// - Throws: `LedgerError.nothingOwed`.
    init(
        _ summary: LedgerSummary, of customer: Customer, from business: String, _ payee: UPIAddress?,
        in language: Language?,
        today: LedgerDay
    ) throws {
        guard summary.balancePaise > 0 else { throw LedgerError.nothingOwed }
        let words = LedgerWords(language ?? customer.fields.language)
        self.customer = customer.id
        balancePaise = summary.balancePaise
        self.language = words.language
        text = words.reminder(
            to: customer.fields.name, of: summary.balancePaise, due: summary.oldestDueOn, today: today, by: business,
            payee: payee)
        link = payee.flatMap {
            // Another one with every entry: what is asked for after a part was paid is not taken for what was asked for before.
            UPILink(
                payee: $0, name: business, amountPaise: summary.balancePaise, note: Self.note,
                reference: summary.lastEntry?.uuid.hex)
        }
    }
}

extension LedgerService {
    /// - Parameters:
    ///   - business: what it calls itself.
    ///   - payee: to which UPI id money is sent.
    ///   - language: of the text; the customer's own when nil.
    /// - Throws: `CustomerError.unknown`, `LedgerError.nothingOwed`.
    package func reminder(
        to id: Customer.ID, from business: String, _ payee: UPIAddress?, in language: Language?, for caller: Caller
    ) async throws -> LedgerReminder {
        let (customer, summary) = try await summary(of: id, for: caller)
        return try LedgerReminder(summary, of: customer, from: business, payee, in: language, today: .today)
    }
}
