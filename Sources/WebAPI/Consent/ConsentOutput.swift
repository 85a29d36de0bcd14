// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "cns_…", "event": "given", "channel": "whatsapp", "purpose": "marketing", "occurred_at": "…", "recorded_at": "…", "how":
/// "in_person", "notice_id": "ntc_…", "notice_version": 1, "language": "hi", "proof": "…", "actor": "person", "actor_id": "usr_…"}`; of
/// do-not-contact `{"id": "cns_…", "event": "do_not_contact_set", "channel": "all", "reason": "asked", "note": "…", …}`.
enum ConsentEventOutput {
    static func write(_ event: ConsentEvent, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", event.id)
            json.member("event", event.kind.rawValue)
            json.member("channel", event.channel?.rawValue ?? "all")
            json.member("purpose", event.purpose?.rawValue)
            json.member("reason", event.reason?.rawValue)
            json.member("occurred_at", event.occurredAt)
            json.member("recorded_at", event.recordedAt)
            json.member("how", event.how?.rawValue)
            if let shown = event.shown {
                json.member("notice_id", shown.notice)
                json.member("notice_version", shown.version)
                json.member("language", shown.language.rawValue)
            }
            json.member(event.purpose == nil ? "note" : "proof", event.note)
            ActorOutput.write(event.actor, event.actorID, to: &json)
        }
    }

    static func response(_ event: ConsentEvent) -> Response {
        var json = JSONWriter()
        write(event, to: &json)
        return .json(bytes: json.bytes, status: .created)
    }
}

/// `{"customer_id": "cus_…", "do_not_contact": [{"reason": "asked", "channel": "all", "since": "…", "event_id": "cns_…"}], "consents":
/// [{"channel": "sms", "purpose": "marketing", "state": "given", "since": "…", "event_id": "cns_…", "may_send": false, "reason":
/// "outside_hours", "may_send_from": "…"}, …]}`: each channel with each purpose.
enum ConsentOutput {
    static func response(_ standing: ConsentStanding, at now: Instant, _ hours: PromotionHours) -> Response {
        var json = JSONWriter(capacity: 4_096)
        json.object { json in
            json.member("customer_id", standing.customer)
            json.member("do_not_contact") { json in
                json.array { json in
                    for block in standing.blocks { write(block, to: &json) }
                }
            }
            json.member("consents") { json in
                json.array { json in
                    for channel in ConsentChannel.allCases {
                        for purpose in ConsentPurpose.allCases {
                            let word = standing.word(on: channel, for: purpose)
                            let refusal = standing.refusal(on: channel, for: purpose, at: now, hours)
                            json.object { write(channel, purpose, word, refusal, to: &$0) }
                        }
                    }
                }
            }
        }
        return .json(bytes: json.bytes)
    }

    private static func write(_ block: ConsentStanding.Block, to json: inout JSONWriter) {
        json.object { json in
            json.member("reason", block.reason.rawValue)
            json.member("channel", block.channel?.rawValue ?? "all")
            json.member("since", block.setAt)
            json.member("event_id", block.event)
        }
    }

    private static func write(
        _ channel: ConsentChannel, _ purpose: ConsentPurpose, _ word: ConsentStanding.Word?, _ refusal: SendRefusal?,
        to json: inout JSONWriter
    ) {
        json.member("channel", channel.rawValue)
        json.member("purpose", purpose.rawValue)
        if let word {
            json.member("state", word.isGiven ? "given" : "withdrawn")
            json.member("since", word.occurredAt)
            json.member("event_id", word.event)
        }
        json.member("may_send", refusal == nil)
        json.member("reason", refusal?.name)
        switch refusal {
        case .doNotContact(let reason): json.member("do_not_contact_reason", reason.rawValue)
        case .outsideHours(let opening): json.member("may_send_from", opening)
        default: break
        }
    }
}

extension SendRefusal {
    fileprivate var name: String {
        switch self {
        case .customerUnknown: "customer_unknown"
        case .doNotContact: "do_not_contact"
        case .noAddress: "no_address"
        case .minor: "minor"
        case .withdrawn: "withdrawn"
        case .noConsent: "no_consent"
        case .outsideHours: "outside_hours"
        }
    }
}
