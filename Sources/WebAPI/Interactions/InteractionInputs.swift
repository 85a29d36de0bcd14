// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core

/// `{"kind": "call", "direction": "in", "occurred_at": "…", "body": "…", "amount_paise": 125000, "duration_seconds": 90,
/// "attachments": [{"url": "https://…", "title": "…"}]}`; in a batch with its `"customer_id": "cus_…"`, in a correction with or
/// without its kind, which stays.
struct InteractionInput: Decodable, Sendable {
    struct AttachmentInput: Decodable, Sendable { let url: String, title: String? }

    let customerID: String?
    let kind: String?, direction: String?, occurredAt: String?, body: String?
    let amountPaise: Int?, durationSeconds: Int?
    let attachments: [AttachmentInput]?

    enum CodingKeys: String, CodingKey {
        case kind, direction, body, attachments
        case customerID = "customer_id", occurredAt = "occurred_at", amountPaise = "amount_paise"
        case durationSeconds = "duration_seconds"
    }

    /// Of something that is written down now.
    /// - Throws: `ValidationError` with everything that is wrong.
    func content() throws -> InteractionContent {
        var validation = Validation()
        checkNoCustomer(&validation)
        let content = content(of: newKind(&validation), orElse: .now(), noting: &validation)
        try validation.finish()
        guard let content else { throw ValidationError([]) }
        return content
    }

    /// The same with its customer, as an item of a batch has it.
    func withCustomer() throws -> (customer: Customer.ID, content: InteractionContent) {
        var validation = Validation()
        let customer = validation.check { () throws(FieldError) in
            guard let customerID else { throw FieldError("/customer_id", "required", "This field is required.") }
            guard let id = Customer.ID(customerID) else {
                throw FieldError("/customer_id", "invalid_value", "The id of a customer: cus_…")
            }
            return id
        }
        let content = content(of: newKind(&validation), orElse: .now(), noting: &validation)
        try validation.finish()
        guard let customer, let content else { throw ValidationError([]) }
        return (customer, content)
    }

    /// Of another version: all of it is said again, but for the kind, and the time where that was right.
    func content(inPlaceOf old: InteractionContent) throws -> InteractionContent {
        var validation = Validation()
        checkNoCustomer(&validation)
        if let kind, kind != old.kind.rawValue {
            validation.fail(
                FieldError("/kind", "not_allowed", "It stays a \(old.kind.rawValue). Strike it out, and log another."))
        }
        // What was paid back stays that unless it is said otherwise.
        let way = old.kind == .payment ? old.direction : nil
        let content = content(of: old.kind, orElse: old.occurredAt, way, noting: &validation)
        try validation.finish()
        guard let content else { throw ValidationError([]) }
        return content
    }

    private func checkNoCustomer(_ validation: inout Validation) {
        guard customerID != nil else { return }
        validation.fail(FieldError("/customer_id", "unknown_field", "There is no such field."))
    }

    private func newKind(_ validation: inout Validation) -> Interaction.Kind? {
        validation.check { () throws(FieldError) in
            guard let kind else { throw FieldError("/kind", "required", "This field is required.") }
            return try InteractionContent.kind(kind)
        }
    }

    /// - Parameters:
    ///   - time: of what says none.
    ///   - way: the direction of what says none, where there is one.
    /// - Returns: nil, and noted errors, for what is wrong. What depends on an unknown kind is not looked at.
    private func content(
        of kind: Interaction.Kind?, orElse time: Instant, _ way: Interaction.Direction? = nil,
        noting validation: inout Validation
    ) -> InteractionContent? {
        let occurredAt = validation.check { () throws(FieldError) in
            try InteractionContent.occurredAt(self.occurredAt, orElse: time)
        }
        let attachments = attachments(noting: &validation)
        guard let kind else { return nil }
        let direction = validation.check { () throws(FieldError) in
            try InteractionContent.direction(self.direction ?? way?.rawValue, of: kind)
        }
        let body = validation.check { () throws(FieldError) in try InteractionContent.body(self.body, of: kind) }
        let amount = validation.check { () throws(FieldError) in
            try InteractionContent.amountPaise(amountPaise, of: kind)
        }
        let duration = validation.check { () throws(FieldError) in
            try InteractionContent.durationSeconds(durationSeconds, of: kind)
        }
        guard let occurredAt, let direction, let body, let amount, let duration else { return nil }
        return InteractionContent(
            kind: kind, direction: direction, occurredAt: occurredAt, body: body, amountPaise: amount,
            durationSeconds: duration, attachments: attachments)
    }

    private func attachments(noting validation: inout Validation) -> [Interaction.Attachment] {
        let inputs = attachments ?? [], maximum = InteractionContent.maximumAttachments
        guard inputs.count <= maximum else {
            validation.fail(FieldError("/attachments", "too_many", "At most \(maximum) links."))
            return []
        }
        return inputs.enumerated().compactMap { index, input in
            let pointer = "/attachments/\(index)"
            let url = validation.check { () throws(FieldError) in try WebLink(input.url, at: pointer + "/url") }
            let title = input.title.flatMap { text in
                validation.check { () throws(FieldError) in
                    try InteractionContent.title(text, at: pointer + "/title")
                }
            }
            return url.map { Interaction.Attachment(url: $0, title: title) }
        }
    }
}

struct StrikeInput: Decodable { let reason: String }
