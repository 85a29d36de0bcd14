// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"pipeline_id": "pip_…", "stage_id": "stg_…", "title": "…", "note": "…", "customer_id": "cus_…", "owner_id": "usr_…", "value_paise":
/// 125000, "expected_on": "2026-01-31", "lost_reason": "…", "won_note": "…"}`: a new deal, or a merge patch (RFC 7396) of one, which
/// stays in its stage.
struct DealChange: Sendable {
    let pipeline: Change<String>, stage: Change<String>
    let title: Change<String>, note: Change<String>, customer: Change<String>, owner: Change<String>
    let value: Change<Int>, expectedOn: Change<String>, lostReason: Change<String>, wonNote: Change<String>

    /// - Parameter owner: who looks after it where nobody is named.
    /// - Throws: `ValidationError` with everything that is wrong.
    func draft(owner: UserID?) throws -> DealService.Draft {
        var validation = Validation()
        if case .set = title {} else { validation.fail(Self.titleMissing) }
        let blank = DealFields(title: "", owner: owner)
        let fields = applied(to: blank, noting: &validation), end = applied(to: DealEnd(), noting: &validation)
        let pipeline = self.pipeline.applied(to: nil, cleared: nil, noting: &validation) {
            text throws(FieldError) -> Pipeline.ID? in
            guard let id = Pipeline.ID(text) else {
                throw FieldError("/pipeline_id", "invalid_value", "The id of a pipeline: pip_…")
            }
            return id
        }
        let stage = self.stage.applied(to: nil, cleared: nil, noting: &validation) {
            text throws(FieldError) -> Pipeline.Stage.ID? in try Self.stage(text)
        }
        if case .set = self.pipeline {
        } else {
            validation.fail(FieldError("/pipeline_id", "required", "Say in which pipeline it is."))
        }
        try validation.finish()
        guard let pipeline else { throw ValidationError([]) }
        return DealService.Draft(fields: fields, pipeline: pipeline, stage: stage, end: end)
    }

    /// - Throws: as ``draft(owner:)``.
    func applied(to deal: Deal) throws -> DealService.Change {
        var validation = Validation(), change = DealService.Change(deal)
        if case .clear = title { validation.fail(Self.titleMissing) }
        for (member, pointer) in [(pipeline, "/pipeline_id"), (stage, "/stage_id")] where member != .keep {
            validation.fail(FieldError(pointer, "not_allowed", "There is a call of its own to move a deal."))
        }
        change.fields = applied(to: deal.fields, noting: &validation)
        change.end = applied(to: change.end, noting: &validation)
        try validation.finish()
        return change
    }

    private func applied(to old: DealFields, noting validation: inout Validation) -> DealFields {
        var fields = old
        fields.title = title.applied(to: old.title, cleared: old.title, noting: &validation) {
            text throws(FieldError) in
            try DealFields.title(text)
        }
        fields.note = note.applied(to: old.note, cleared: nil, noting: &validation) { text throws(FieldError) in
            try DealFields.note(text)
        }
        fields.customer = customer.applied(to: old.customer, cleared: nil, noting: &validation) {
            text throws(FieldError) in
            guard let id = Customer.ID(text) else {
                throw FieldError("/customer_id", "invalid_value", "The id of a customer: cus_…")
            }
            return id
        }
        fields.owner = owner.applied(to: old.owner, cleared: nil, noting: &validation) { text throws(FieldError) in
            guard let id = UserID(text) else { throw CustomerError.ownerUnknownField }
            return id
        }
        fields.valuePaise = value.applied(to: old.valuePaise, cleared: nil, noting: &validation) {
            paise throws(FieldError) in try DealFields.value(paise)
        }
        fields.expectedOn = expectedOn.applied(to: old.expectedOn, cleared: nil, noting: &validation) {
            text throws(FieldError) in try IndianDay(text, at: "/expected_on")
        }
        return fields
    }

    private func applied(to old: DealEnd, noting validation: inout Validation) -> DealEnd {
        DealEnd(
            lostReason: lostReason.applied(to: old.lostReason, cleared: nil, noting: &validation) {
                text throws(FieldError) in try DealFields.reason(text, at: "/lost_reason")
            },
            wonNote: wonNote.applied(to: old.wonNote, cleared: nil, noting: &validation) {
                text throws(FieldError) in try DealFields.reason(text, at: "/won_note")
            })
    }

    private static let titleMissing = FieldError("/title", "required", "Say what it is about.")

    static func stage(_ text: String) throws(FieldError) -> Pipeline.Stage.ID {
        guard let id = Pipeline.Stage.ID(text) else {
            throw FieldError("/stage_id", "invalid_value", "The id of a stage: stg_…")
        }
        return id
    }
}

extension DealChange: Decodable {
    enum CodingKeys: String, CodingKey {
        case pipeline = "pipeline_id", stage = "stage_id", title, note, customer = "customer_id", owner = "owner_id"
        case value = "value_paise", expectedOn = "expected_on", lostReason = "lost_reason", wonNote = "won_note"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        pipeline = try members.decodeChange(String.self, forKey: .pipeline)
        stage = try members.decodeChange(String.self, forKey: .stage)
        title = try members.decodeChange(String.self, forKey: .title)
        note = try members.decodeChange(String.self, forKey: .note)
        customer = try members.decodeChange(String.self, forKey: .customer)
        owner = try members.decodeChange(String.self, forKey: .owner)
        value = try members.decodeChange(Int.self, forKey: .value)
        expectedOn = try members.decodeChange(String.self, forKey: .expectedOn)
        lostReason = try members.decodeChange(String.self, forKey: .lostReason)
        wonNote = try members.decodeChange(String.self, forKey: .wonNote)
    }
}

/// `{"stage_id": "stg_…", "before": "del_…"}`, or `"after"`, or `"at": "top"` or `"bottom"`; on top when nothing is said. Into a stage
/// where deals are lost with a `"lost_reason"`, where they are won with a `"won_note"` if there is one.
struct DealMoveInput: Decodable {
    let stage: String, before: String?, after: String?, at: String?, lostReason: String?, wonNote: String?

    enum CodingKeys: String, CodingKey {
        case stage = "stage_id", before, after, at, lostReason = "lost_reason", wonNote = "won_note"
    }

    /// - Parameter deal: what is moved, and stands beside others only.
    /// - Throws: `ValidationError` with everything that is wrong.
    func checked(moving deal: Deal.ID) throws -> (stage: Pipeline.Stage.ID, place: DealPlace, end: DealEnd) {
        var validation = Validation()
        let stage = validation.check { () throws(FieldError) in try DealChange.stage(self.stage) }
        let place = validation.check { () throws(FieldError) in try self.place(moving: deal) }
        let reason = lostReason.flatMap { text in
            validation.check { () throws(FieldError) in try DealFields.reason(text, at: "/lost_reason") }
        }
        let note = wonNote.flatMap { text in
            validation.check { () throws(FieldError) in try DealFields.reason(text, at: "/won_note") }
        }
        try validation.finish()
        guard let stage, let place else { throw ValidationError([]) }
        return (stage, place, DealEnd(lostReason: reason, wonNote: note))
    }

    private func place(moving deal: Deal.ID) throws(FieldError) -> DealPlace {
        switch (before, after, at) {
        case (nil, nil, nil): return .top
        case (nil, nil, let word?):
            guard word == "top" || word == "bottom" else {
                throw FieldError("/at", "invalid_value", "One of top, bottom.")
            }
            return word == "top" ? .top : .bottom
        case (let text?, nil, nil): return .before(try Self.neighbour(text, of: deal, at: "/before"))
        case (nil, let text?, nil): return .after(try Self.neighbour(text, of: deal, at: "/after"))
        default: throw FieldError("", "not_allowed", "Say one of before, after and at.")
        }
    }

    private static func neighbour(_ text: String, of deal: Deal.ID, at pointer: String) throws(FieldError) -> Deal.ID {
        guard let id = Deal.ID(text), id != deal else {
            throw FieldError(pointer, "invalid_value", "The id of another deal: del_…")
        }
        return id
    }
}
