// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"id": "chg_…", "kind": "updated", "at": "…", "actor": "person", "actor_id": "usr_…", "fields": [{"field": "name", "from": "Asha",
/// "to": "Asha Rao"}]}`
enum CustomerHistoryOutput {
    static func write(_ entry: CustomerHistoryEntry, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", entry.id)
            json.member("kind", entry.kind.rawValue)
            json.member("at", entry.at)
            ActorOutput.write(entry.actor, entry.actorID, to: &json)
            json.member("operation_id", entry.operation?.description)
            json.member("fields") { json in
                json.array { json in
                    for edit in entry.edits {
                        json.object { json in
                            json.member("field", edit.field.name)
                            write(edit.from, "from", of: edit.field, to: &json)
                            write(edit.to, "to", of: edit.field, to: &json)
                        }
                    }
                }
            }
        }
    }

    /// As it stands in the customer; what was or became empty is absent.
    private static func write(
        _ value: FieldValue, _ name: StaticString, of field: CustomerField, to json: inout JSONWriter
    ) {
        switch (field, value) {
        case (_, .none): break
        case (_, .texts(let texts)): json.member(name, texts)
        case (.custom, .text(let text)):
            guard let value = CustomValue(stored: text) else { return }
            json.member(name) { CustomValueOutput.write(value, to: &$0) }
        case (_, .text(let text)): json.member(name, text)
        }
    }
}

/// Who did something: `"actor": "person", "actor_id": "usr_…"`.
enum ActorOutput {
    static func write(_ actor: String, _ id: UUIDv7?, to json: inout JSONWriter) {
        json.member("actor", actor)
        guard let id else { return }
        switch actor {
        case "person": json.member("actor_id", UserID(id))
        case "api_key": json.member("actor_id", APIKeyID(id))
        default: break
        }
    }
}
