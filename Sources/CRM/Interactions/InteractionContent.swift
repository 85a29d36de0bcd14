// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What is said of something that happened, each part already valid by itself and beside its kind.
package struct InteractionContent: Sendable, Equatable {
    package let kind: Interaction.Kind
    package let direction: Interaction.Direction?
    package let occurredAt: Instant
    package let body: String?
    /// Of a payment always, of an order where it is known.
    package let amountPaise: Int?
    /// Of a call.
    package let durationSeconds: Int?
    package let attachments: [Interaction.Attachment]

    package init(
        kind: Interaction.Kind, direction: Interaction.Direction?, occurredAt: Instant, body: String? = nil,
        amountPaise: Int? = nil, durationSeconds: Int? = nil, attachments: [Interaction.Attachment] = []
    ) {
        self.kind = kind
        self.direction = direction
        self.occurredAt = occurredAt
        self.body = body
        self.amountPaise = amountPaise
        self.durationSeconds = durationSeconds
        self.attachments = attachments
    }

    // MARK: - Bounds

    package static let maximumBodyBytes = 10_000, maximumReasonBytes = 500, maximumTitleBytes = 200
    package static let maximumAttachments = 10, amounts = 1...10_000_000_000_000, durations = 0...86_400
    /// Clocks differ.
    package static let earliest = Instant(microseconds: 946_684_800_000_000), maximumLead = Duration.seconds(300)

    // MARK: - Reading one part

    package static func kind(_ text: String, at pointer: String = "/kind") throws(FieldError) -> Interaction.Kind {
        guard let kind = Interaction.Kind(rawValue: text) else {
            let names = Interaction.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(pointer, "invalid_value", "One of \(names).")
        }
        return kind
    }

    /// Calls and messages say which way they went. Payments come in unless something else is said; nothing else has a direction.
    package static func direction(_ text: String?, of kind: Interaction.Kind) throws(FieldError)
        -> Interaction.Direction?
    {
        let pointer = "/direction"
        switch (kind, text) {
        case (.call, nil), (.whatsapp, nil), (.sms, nil), (.email, nil):
            throw FieldError(pointer, "required", "Say whether it came in or went out.")
        case (.payment, nil): return .in
        case (_, nil): return nil
        case (.visit, _), (.note, _), (.order, _), (.referral, _), (.system, _):
            throw FieldError(pointer, "not_allowed", "Only calls, messages and payments have a direction.")
        case (_, let text?):
            guard let direction = Interaction.Direction(rawValue: text) else {
                throw FieldError(pointer, "invalid_value", "One of in, out.")
            }
            return direction
        }
    }

    /// - Parameter text: nil for `fallback`.
    package static func occurredAt(_ text: String?, orElse fallback: Instant, now: Instant = .now()) throws(FieldError)
        -> Instant
    {
        guard let text else { return fallback }
        guard let time = Instant(rfc3339: text) else {
            throw FieldError("/occurred_at", "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
        }
        guard (earliest...now.advanced(by: maximumLead)).contains(time) else {
            throw FieldError("/occurred_at", "out_of_range", "A time since the year 2000 that is not still to come.")
        }
        return time
    }

    package static func body(_ text: String?, of kind: Interaction.Kind) throws(FieldError) -> String? {
        guard let text else {
            guard kind != .note else { throw FieldError("/body", "required", "A note says something.") }
            return nil
        }
        return try Text(text, at: "/body", maximumBytes: maximumBodyBytes, multiline: true).value
    }

    package static func amountPaise(_ paise: Int?, of kind: Interaction.Kind) throws(FieldError) -> Int? {
        let pointer = "/amount_paise"
        guard let paise else {
            guard kind != .payment else { throw FieldError(pointer, "required", "Say how much was paid.") }
            return nil
        }
        guard kind == .payment || kind == .order else {
            throw FieldError(pointer, "not_allowed", "Only payments and orders have an amount.")
        }
        guard amounts.contains(paise) else {
            throw FieldError(pointer, "out_of_range", "A whole number of paise from 1 to \(amounts.upperBound).")
        }
        return paise
    }

    package static func durationSeconds(_ seconds: Int?, of kind: Interaction.Kind) throws(FieldError) -> Int? {
        guard let seconds else { return nil }
        guard kind == .call else {
            throw FieldError("/duration_seconds", "not_allowed", "Only calls have a duration.")
        }
        guard durations.contains(seconds) else {
            throw FieldError("/duration_seconds", "out_of_range", "A whole number of seconds, a day at most.")
        }
        return seconds
    }

    package static func title(_ text: String, at pointer: String) throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumTitleBytes).value
    }

    package static func reason(_ text: String, at pointer: String = "/reason") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumReasonBytes).value
    }
}
