// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core

/// `{"channel": "whatsapp", "purpose": "marketing", "event": "given", "how": "in_person", "notice_id": "ntc_…", "language": "hi",
/// "proof": "…", "occurred_at": "…"}`; with `"event": "withdrawn"` neither notice nor language.
struct ConsentInput: Decodable {
    let channel: String, purpose: String, event: String, how: String
    let noticeID: String?, language: String?, proof: String?, occurredAt: String?

    enum CodingKeys: String, CodingKey {
        case channel, purpose, event, how, noticeID = "notice_id", language, proof, occurredAt = "occurred_at"
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func decision() throws -> ConsentDecision {
        var validation = Validation()
        let decision = decision(noting: &validation)
        try validation.finish()
        guard let decision else { throw ValidationError([]) }
        return decision
    }

    /// Nil, and notes on what is wrong.
    fileprivate func decision(noting validation: inout Validation) -> ConsentDecision? {
        let channel: ConsentChannel? = validation.word(channel, at: "/channel")
        let purpose: ConsentPurpose? = validation.word(purpose, at: "/purpose")
        let how: ConsentWay? = validation.word(how, at: "/how")
        let answer = answer(noting: &validation)
        let note = proof.flatMap { text in validation.note(text, at: "/proof") }
        let moment = validation.check { () throws(FieldError) in try Self.moment(occurredAt) }
        guard let channel, let purpose, let how, let answer, let moment else { return nil }
        return ConsentDecision(
            answer, channel: channel, purpose: purpose, occurredAt: moment, how: how, note: note)
    }

    private func answer(noting validation: inout Validation) -> ConsentDecision.Answer? {
        switch event {
        case ConsentEvent.Kind.given.rawValue:
            let notice = validation.check { () throws(FieldError) in
                guard let noticeID = self.noticeID else {
                    throw FieldError("/notice_id", "required", "Say which notice they were shown.")
                }
                guard let id = ConsentNotice.ID(noticeID) else { throw ConsentError.unknownNotice }
                return id
            }
            let language = validation.check { () throws(FieldError) in
                guard let language = self.language else {
                    throw FieldError("/language", "required", "Say in which language they were shown it.")
                }
                return try CustomerFields.language(language)
            }
            guard let notice, let language else { return nil }
            return .yes(notice, language)
        case ConsentEvent.Kind.withdrawn.rawValue:
            for (value, pointer) in [(noticeID, "/notice_id"), (language, "/language")] where value != nil {
                validation.fail(
                    FieldError(pointer, "not_allowed", "Nothing has to be shown to somebody who takes a consent back."))
            }
            return .no
        default:
            validation.fail(FieldError("/event", "invalid_value", "One of given, withdrawn."))
            return nil
        }
    }

    /// How much a client's clock may be ahead of ours.
    private static let skew = Duration.seconds(300)
    private static let earliest = Instant(rfc3339: "2000-01-01T00:00:00Z") ?? Instant(microseconds: 0)

    /// Now, where nothing is said.
    private static func moment(_ text: String?) throws(FieldError) -> Instant {
        let now = Instant.now()
        guard let text else { return now }
        guard let moment = Instant(rfc3339: text) else {
            throw FieldError("/occurred_at", "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
        }
        guard moment >= earliest, moment <= now.advanced(by: skew) else {
            throw FieldError("/occurred_at", "out_of_range", "A time since the year 2000, and not to come.")
        }
        return min(moment, now)
    }
}

/// One of many: a ``ConsentInput`` with `"customer_id": "cus_…"`.
struct ConsentItemInput: Decodable {
    private let customerID: String
    private let input: ConsentInput

    private enum CodingKeys: String, CodingKey {
        case customerID = "customer_id", channel, purpose, event, how, noticeID = "notice_id", language, proof
        case occurredAt = "occurred_at"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        customerID = try members.decode(String.self, forKey: .customerID)
        input = ConsentInput(
            channel: try members.decode(String.self, forKey: .channel),
            purpose: try members.decode(String.self, forKey: .purpose),
            event: try members.decode(String.self, forKey: .event), how: try members.decode(String.self, forKey: .how),
            noticeID: try members.decodeIfPresent(String.self, forKey: .noticeID),
            language: try members.decodeIfPresent(String.self, forKey: .language),
            proof: try members.decodeIfPresent(String.self, forKey: .proof),
            occurredAt: try members.decodeIfPresent(String.self, forKey: .occurredAt))
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> (customer: Customer.ID, decision: ConsentDecision) {
        var validation = Validation()
        let customer = validation.check { () throws(FieldError) in
            guard let id = Customer.ID(customerID) else {
                throw FieldError("/customer_id", "invalid_value", "The id of a customer: cus_…")
            }
            return id
        }
        let decision = input.decision(noting: &validation)
        try validation.finish()
        guard let customer, let decision else { throw ValidationError([]) }
        return (customer, decision)
    }
}

/// `{"reason": "asked", "channel": "sms", "note": "…"}`; without a channel it is for all of them.
struct DoNotContactInput: Decodable {
    let reason: String, channel: String?, note: String?

    /// - Parameter needsNote: whether an other reason must be told.
    /// - Throws: `ValidationError` with everything that is wrong.
    func checked(needsNote: Bool) throws -> (reason: DoNotContactReason, channel: ConsentChannel?, note: String?) {
        var validation = Validation()
        let reason: DoNotContactReason? = validation.word(reason, at: "/reason")
        var channel: ConsentChannel?
        if let text = self.channel, text != "all" {
            channel = validation.word(text, at: "/channel", or: "all")
        }
        let note = note.flatMap { text in validation.note(text, at: "/note") }
        if needsNote, reason == .other, self.note == nil {
            validation.fail(FieldError("/note", "required", "Say what the reason is."))
        }
        try validation.finish()
        guard let reason else { throw ValidationError([]) }
        return (reason, channel, note)
    }
}

extension Validation {
    /// One of a closed set, spelled as in the source.
    /// - Parameter another: what is allowed besides, for the message.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, at pointer: String, or another: String? = nil
    ) -> Word? where Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let names = Word.allCases.map(\.rawValue) + [another].compactMap { $0 }
        fail(FieldError(pointer, "invalid_value", "One of \(names.joined(separator: ", "))."))
        return nil
    }

    fileprivate mutating func note(_ text: String, at pointer: String) -> String? {
        check { () throws(FieldError) in
            try Text(text, at: pointer, maximumBytes: ConsentEvent.maximumNoteBytes, multiline: true).value
        }
    }
}
