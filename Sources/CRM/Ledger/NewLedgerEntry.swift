// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// An entry that is to be made.
package struct NewLedgerEntry: Sendable {
    let kind: LedgerEntry.Kind
    let debit: LedgerEntry.Account, credit: LedgerEntry.Account
    let amountPaise: Int
    let occurredOn: LedgerDay
    let dueOn: LedgerDay?
    let method: LedgerEntry.Method?
    let note: String?
    let reason: String?

    /// What a client says of it.
    package struct Given: Sendable {
        package let kind: String
        /// Of an adjustment: how much more the customer owes, or less when negative.
        package let amountPaise: Int
        package let occurredOn: String?, dueOn: String?, method: String?, note: String?, reason: String?

        package init(
            kind: String, amountPaise: Int, occurredOn: String?, dueOn: String?, method: String?, note: String?,
            reason: String?
        ) {
            self.kind = kind
            self.amountPaise = amountPaise
            self.occurredOn = occurredOn
            self.dueOn = dueOn
            self.method = method
            self.note = note
            self.reason = reason
        }
    }

    /// - Parameter today: in India. Nothing has happened later, and what has no day happened then.
    /// - Throws: `ValidationError` with everything that is wrong.
    package init(_ given: Given, today: LedgerDay) throws(ValidationError) {
        var validation = Validation()
        let kind = validation.check { () throws(FieldError) in try Self.kind(given.kind) }
        let amount = validation.check { () throws(FieldError) in try Self.amount(given.amountPaise, kind) }
        let occurredOn = validation.check { () throws(FieldError) in try Self.occurredOn(given.occurredOn, today) }
        let dueOn = validation.check { () throws(FieldError) in try Self.dueOn(given.dueOn, kind, occurredOn) }
        let method = validation.check { () throws(FieldError) in try Self.method(given.method, kind) }
        let note = validation.check { () throws(FieldError) in try given.note.map(Self.note) }
        let reason = validation.check { () throws(FieldError) in try Self.reason(given.reason, kind) }
        try validation.finish()
        guard let kind, let amount, let occurredOn, let dueOn, let method, let note, let reason else {
            throw ValidationError([])
        }
        self.kind = kind
        (debit, credit) =
            switch kind {
            case .given: (.receivable, .salesOnCredit)
            case .received: (.cashReceived, .receivable)
            case .adjusted, .reversal: amount > 0 ? (.receivable, .adjustments) : (.adjustments, .receivable)
            }
        amountPaise = abs(amount)
        self.occurredOn = occurredOn
        self.dueOn = dueOn
        self.method = method
        self.note = note
        self.reason = reason
    }

    /// One that takes another back today.
    init(reversing entry: LedgerEntry, reason: String, today: LedgerDay) {
        kind = .reversal
        (debit, credit) = (entry.credit, entry.debit)
        amountPaise = entry.amountPaise
        // Nothing is taken back before it has happened.
        occurredOn = max(today, entry.occurredOn)
        (dueOn, method, note) = (nil, nil, nil)
        self.reason = reason
    }

    // MARK: - Reading one field

    private static func kind(_ text: String) throws(FieldError) -> LedgerEntry.Kind {
        guard let kind = LedgerEntry.Kind(rawValue: text), kind != .reversal else {
            throw FieldError("/kind", "invalid_value", "One of given, received, adjusted.")
        }
        return kind
    }

    private static func amount(_ paise: Int, _ kind: LedgerEntry.Kind?) throws(FieldError) -> Int {
        let maximum = LedgerEntry.maximumPaise
        let isAllowed =
            kind == .adjusted ? paise != 0 && (-maximum...maximum).contains(paise) : (1...maximum).contains(paise)
        guard isAllowed else {
            throw FieldError(
                "/amount_paise", "out_of_range",
                kind == .adjusted
                    ? "A whole number of paise up to \(maximum) either way, not 0." : "From 1 to \(maximum) paise.")
        }
        return paise
    }

    private static func occurredOn(_ text: String?, _ today: LedgerDay) throws(FieldError) -> LedgerDay {
        guard let text else { return today }
        let day = try LedgerDay(text, at: "/occurred_on")
        guard day <= today else { throw FieldError("/occurred_on", "in_the_future", "A day that has come.") }
        guard day.number >= 20_000_101 else {
            throw FieldError("/occurred_on", "out_of_range", "A day from 2000-01-01 on.")
        }
        return day
    }

    private static func dueOn(
        _ text: String?, _ kind: LedgerEntry.Kind?, _ occurredOn: LedgerDay?
    ) throws(FieldError) -> LedgerDay? {
        guard let text else { return nil }
        guard kind == nil || kind == .given else { throw notFor("/due_on", "given") }
        let day = try LedgerDay(text, at: "/due_on")
        // Ten years.
        guard let occurredOn, day < occurredOn || day.number > occurredOn.number + 100_000 else { return day }
        throw FieldError("/due_on", "out_of_range", "Not before it was given, and at most ten years later.")
    }

    private static func method(_ text: String?, _ kind: LedgerEntry.Kind?) throws(FieldError) -> LedgerEntry.Method? {
        guard let text else {
            guard kind == .received else { return nil }
            throw FieldError("/method", "required", "How was it paid?")
        }
        guard kind == nil || kind == .received else { throw notFor("/method", "received") }
        guard let method = LedgerEntry.Method(rawValue: text) else {
            let names = LedgerEntry.Method.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError("/method", "invalid_value", "One of \(names).")
        }
        return method
    }

    private static func note(_ text: String) throws(FieldError) -> String {
        try Text(text, at: "/note", maximumBytes: LedgerEntry.maximumTextBytes).value
    }

    private static func reason(_ text: String?, _ kind: LedgerEntry.Kind?) throws(FieldError) -> String? {
        guard let text else {
            guard kind == .adjusted else { return nil }
            throw FieldError("/reason", "required", "Why is it adjusted?")
        }
        guard kind == nil || kind == .adjusted else { throw notFor("/reason", "adjusted") }
        return try reason(text)
    }

    /// Why something is adjusted or reversed.
    package static func reason(_ text: String) throws(FieldError) -> String {
        try Text(text, at: "/reason", maximumBytes: LedgerEntry.maximumTextBytes).value
    }

    private static func notFor(_ pointer: String, _ kind: String) -> FieldError {
        FieldError(pointer, "not_allowed", "Only an entry of kind \(kind) has it.")
    }
}
