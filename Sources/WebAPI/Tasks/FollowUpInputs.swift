// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"title": "…", "note": "…", "customer_id": "cus_…", "assignee_id": "usr_…", "due_at": "2026-01-31T10:00:00Z", "all_day": false,
/// "repeat": {"frequency": "monthly", "interval": 1, "until": "2026-12-31"}}`: something new to be done, or a merge patch (RFC 7396)
/// of it, which may also say `"state": "cancelled"`.
struct FollowUpChange: Sendable {
    let title: Change<String>, note: Change<String>, customer: Change<String>, assignee: Change<String>
    let dueAt: Change<String>, allDay: Change<Bool>, repetition: Change<RepetitionInput>, state: Change<String>

    /// - Parameter assignee: who is to do it where nobody is named.
    /// - Throws: `ValidationError` with everything that is wrong.
    func fields(assignee: UserID) throws -> FollowUpFields {
        var validation = Validation()
        if case .set = title {} else { validation.fail(Self.titleMissing) }
        if case .set = dueAt {} else { validation.fail(Self.dueMissing) }
        if state != .keep { validation.fail(FieldError("/state", "not_allowed", "What is new is open.")) }
        let fields = applied(to: FollowUpFields(assignee: assignee), isNew: true, noting: &validation)
        try validation.finish()
        return fields
    }

    /// - Throws: as ``fields(assignee:)``.
    func applied(to followUp: FollowUp) throws -> FollowUpService.Change {
        var validation = Validation()
        if case .clear = title { validation.fail(Self.titleMissing) }
        if case .clear = dueAt { validation.fail(Self.dueMissing) }
        var change = FollowUpService.Change(applied(to: followUp.fields, isNew: false, noting: &validation))
        switch state {
        case .keep: break
        case .set("cancelled"): change.isCancelled = true
        case .set, .clear:
            validation.fail(
                FieldError(
                    "/state", "not_allowed", "Only cancelled can be said here. There are calls to complete and reopen.")
            )
        }
        try validation.finish()
        return change
    }

    private func applied(to old: FollowUpFields, isNew: Bool, noting validation: inout Validation) -> FollowUpFields {
        var fields = old
        fields.title = title.applied(to: old.title, cleared: old.title, noting: &validation) {
            text throws(FieldError) in
            try FollowUpFields.title(text)
        }
        fields.note = note.applied(to: old.note, cleared: nil, noting: &validation) { text throws(FieldError) in
            try FollowUpFields.note(text)
        }
        fields.customer = customer.applied(to: old.customer, cleared: nil, noting: &validation) {
            text throws(FieldError) in
            guard let id = Customer.ID(text) else {
                throw FieldError("/customer_id", "invalid_value", "The id of a customer: cus_…")
            }
            return id
        }
        fields.assignee = assignee.applied(to: old.assignee, cleared: old.assignee, noting: &validation) {
            text throws(FieldError) in
            guard let id = UserID(text) else { throw FollowUpError.assigneeUnknownField }
            return id
        }
        if case .clear = assignee {
            validation.fail(FieldError("/assignee_id", "required", "There is always somebody who is to do it."))
        }
        if let due = validation.check({ () throws(FieldError) in try due(from: old.due) }) { fields.due = due }
        let isSameDue = !isNew && fields.due == old.due
        fields.repetition = repetition.applied(to: old.repetition, cleared: nil, noting: &validation) {
            input throws(FieldError) in try input.checked(due: fields.due)
        }
        // The day of the month that was meant is remembered until somebody chooses another.
        if !isSameDue {
            fields.repetition?.day = fields.due.day.day
        } else if let old = old.repetition, old.isByMonth {
            fields.repetition?.day = old.day
        }
        if let until = fields.repetition?.until, until < fields.due.day,
            !isSameDue || fields.repetition != old.repetition
        {
            validation.fail(FieldError("/repeat/until", "out_of_range", "Not before the day on which it is due."))
        }
        return fields
    }

    private func due(from old: Due) throws(FieldError) -> Due {
        let isAllDay: Bool =
            switch allDay {
            case .keep: old.isAllDay
            case .clear: false
            case .set(let isOn): isOn
            }
        guard case .set(let text) = dueAt else { return try Due(old.at, isAllDay: isAllDay, at: "/due_at") }
        if isAllDay, text.utf8.count == 10 {
            return try Due(IndianDay(text, at: "/due_at").start, isAllDay: true, at: "/due_at")
        }
        guard let time = Instant(rfc3339: text) else {
            throw FieldError(
                "/due_at", "invalid_time",
                "Give a time like 2026-01-31T10:00:00Z, or with all_day a day like 2026-01-31.")
        }
        return try Due(time, isAllDay: isAllDay, at: "/due_at")
    }

    private static let titleMissing = FieldError("/title", "required", "Say what is to be done.")
    private static let dueMissing = FieldError("/due_at", "required", "Say by when.")
}

extension FollowUpChange: Decodable {
    enum CodingKeys: String, CodingKey {
        case title, note, customer = "customer_id", assignee = "assignee_id", dueAt = "due_at", allDay = "all_day"
        case repetition = "repeat", state
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        title = try members.decodeChange(String.self, forKey: .title)
        note = try members.decodeChange(String.self, forKey: .note)
        customer = try members.decodeChange(String.self, forKey: .customer)
        assignee = try members.decodeChange(String.self, forKey: .assignee)
        dueAt = try members.decodeChange(String.self, forKey: .dueAt)
        allDay = try members.decodeChange(Bool.self, forKey: .allDay)
        repetition = try members.decodeChange(RepetitionInput.self, forKey: .repetition)
        state = try members.decodeChange(String.self, forKey: .state)
    }
}

/// `{"frequency": "monthly", "interval": 2, "until": "2026-12-31"}`: every second month until then.
struct RepetitionInput: Decodable, Sendable {
    let frequency: String, interval: Int?, until: String?

    func checked(due: Due) throws(FieldError) -> Repetition {
        guard let frequency = Repetition.Frequency(rawValue: frequency) else {
            throw FieldError("/repeat/frequency", "invalid_value", "One of daily, weekly, monthly, yearly.")
        }
        let interval = interval ?? 1
        guard (1...Repetition.maximumInterval).contains(interval) else {
            throw FieldError(
                "/repeat/interval", "out_of_range", "A whole number from 1 to \(Repetition.maximumInterval).")
        }
        var last: IndianDay?
        if let until { last = try IndianDay(until, at: "/repeat/until") }
        return Repetition(frequency, interval: interval, until: last, day: due.day.day)
    }
}

/// `{"until": "2026-01-31T10:00:00Z"}` or `{"minutes": 30}`
struct SnoozeInput: Decodable {
    let until: String?, minutes: Int?

    /// A year.
    private static let maximumMinutes = 525_600

    /// - Throws: `ValidationError`.
    func checked(at now: Instant = .now()) throws -> Instant {
        switch (until, minutes) {
        case (let text?, nil):
            guard let time = Instant(rfc3339: text) else {
                throw FieldError("/until", "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
            }
            guard time > now, time <= now.advanced(by: .seconds(60 * Self.maximumMinutes)) else {
                throw FieldError("/until", "out_of_range", "A time to come, within a year.")
            }
            return time
        case (nil, let minutes?):
            guard (1...Self.maximumMinutes).contains(minutes) else {
                throw FieldError("/minutes", "out_of_range", "A whole number from 1 to \(Self.maximumMinutes).")
            }
            return now.advanced(by: .seconds(60 * minutes))
        default: throw FieldError("", "required", "Say until when, or for how many minutes, and not both.")
        }
    }
}
