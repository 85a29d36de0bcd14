// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage

/// `{"kind": "given", "amount_paise": 150000, "occurred_on": "2026-01-31", "due_on": "2026-02-15", "note": "Two blouses"}`
struct LedgerEntryInput: Decodable {
    let kind: String, amountPaise: Int, occurredOn: String?, dueOn: String?, method: String?, note: String?,
        reason: String?

    enum CodingKeys: String, CodingKey {
        case kind, amountPaise = "amount_paise", occurredOn = "occurred_on", dueOn = "due_on", method, note, reason
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> NewLedgerEntry {
        try NewLedgerEntry(
            NewLedgerEntry.Given(
                kind: kind, amountPaise: amountPaise, occurredOn: occurredOn, dueOn: dueOn, method: method, note: note,
                reason: reason), today: .today)
    }
}

/// `{"reason": "Typed twice"}`
struct LedgerReversalInput: Decodable {
    let reason: String
}

/// What a list of who owes how much may be asked for.
package enum LedgerList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { shape.parameterNames }

    static let shape = ListShape<LedgerBalanceFilter>(
        "ledger_balances",
        fields: [
            ListField("state", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let state = LedgerBalanceFilter.State(rawValue: values[0]) else {
                    let names = LedgerBalanceFilter.State.allCases.map(\.rawValue).joined(separator: ", ")
                    throw FieldError(pointer, "invalid_value", "One of \(names).")
                }
                filter.state = state
            },
            ListField("balance", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
                let paise = try paise(values[0], at: pointer)
                if comparison == .atLeast { filter.atLeastPaise = paise } else { filter.atMostPaise = paise }
            },
        ], orders: ["-balance"], expansions: ["customer"])

    private static func paise(_ text: String, at pointer: String) throws(FieldError) -> Int {
        let maximum = LedgerEntry.maximumBalancePaise
        guard let paise = Int(text), (-maximum...maximum).contains(paise) else {
            throw FieldError(pointer, "out_of_range", "A whole number of paise, up to \(maximum) either way.")
        }
        return paise
    }

    /// In which language a customer reads; nil for their own.
    static func language(_ query: QueryParameters) throws -> Language? {
        guard let text = query["language"] else { return nil }
        return try Pages.queryField { () throws(FieldError) in
            guard let language = LedgerWords.languages.first(where: { $0.rawValue == text }) else {
                let names = LedgerWords.languages.map(\.rawValue).joined(separator: ", ")
                throw FieldError("/language", "invalid_value", "One of \(names).")
            }
            return language
        }
    }

    /// From which day to which; nil where none is said.
    static func span(_ query: QueryParameters) throws -> (first: LedgerDay?, last: LedgerDay?) {
        try Pages.queryField { () throws(FieldError) in
            var first: LedgerDay?, last: LedgerDay?
            if let text = query["from"] { first = try LedgerDay(text, at: "/from") }
            if let text = query["to"] { last = try LedgerDay(text, at: "/to") }
            if let first, first > last ?? .today {
                throw FieldError("/from", "out_of_range", "Not later than the last day.")
            }
            return (first, last)
        }
    }
}
