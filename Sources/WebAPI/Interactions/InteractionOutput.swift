// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import JSON

/// `{"id": "int_…", "customer_id": "cus_…", "kind": "call", "direction": "in", "occurred_at": "…", "body": "…", "duration_seconds": 90,
/// "attachments": [{"url": "https://…", "title": "…"}], "actor": "person", "actor_id": "usr_…", "logged_at": "…", "corrects": "int_…"}`;
/// what is not said is absent.
enum InteractionOutput {
    /// - Parameter customer: told along where that was asked for.
    static func write(_ interaction: Interaction, _ customer: Customer? = nil, to json: inout JSONWriter) {
        json.object { json in
            writeMembers(interaction, to: &json)
            if let customer { json.member("customer") { CustomerOutput.write(customer, to: &$0) } }
        }
    }

    private static func writeMembers(_ interaction: Interaction, to json: inout JSONWriter) {
        let content = interaction.content
        json.member("id", interaction.id)
        json.member("customer_id", interaction.customer)
        json.member("kind", content.kind.rawValue)
        json.member("direction", content.direction?.rawValue)
        json.member("occurred_at", content.occurredAt)
        json.member("body", content.body)
        if let paise = content.amountPaise { json.member("amount_paise", paise) }
        if let seconds = content.durationSeconds { json.member("duration_seconds", seconds) }
        if !content.attachments.isEmpty { json.member("attachments") { write(content.attachments, to: &$0) } }
        ActorOutput.write(interaction.actor, interaction.actorID, to: &json)
        json.member("logged_at", interaction.loggedAt)
        if let corrected = interaction.corrects { json.member("corrects", corrected) }
    }

    private static func write(_ attachments: [Interaction.Attachment], to json: inout JSONWriter) {
        json.array { json in
            for attachment in attachments {
                json.object { json in
                    json.member("url", attachment.url.text)
                    json.member("title", attachment.title)
                }
            }
        }
    }

    /// The same with `"state": "struck", "versions": [{…}, …], "struck": {"at": "…", "actor": "person", "actor_id": "usr_…", "reason": "…"}`.
    static func response(_ details: InteractionDetails) -> Response {
        var json = JSONWriter()
        json.object { json in
            writeMembers(details.interaction, to: &json)
            json.member("state", details.state.rawValue)
            json.member("versions") { json in
                json.array { json in for version in details.versions { write(version, to: &json) } }
            }
            if let strike = details.strike { json.member("struck") { write(strike, to: &$0) } }
        }
        return .json(bytes: json.bytes)
    }

    private static func write(_ strike: InteractionDetails.Strike, to json: inout JSONWriter) {
        json.object { json in
            json.member("at", strike.at)
            ActorOutput.write(strike.actor, strike.actorID, to: &json)
            json.member("reason", strike.reason)
        }
    }
}
