// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import JSON

package enum CustomerHistoryEntryKind: IdentifierKind { package static var prefix: StaticString { "chg" } }

/// Something that was done to a customer, as whoever looks after them reads it later.
package struct CustomerHistoryEntry: Sendable {
    /// Says when, too.
    package typealias ID = Identifier<CustomerHistoryEntryKind>

    /// Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        case updated, deleted, restored, merged, unmerged
    }

    /// What stood in a field before and after.
    package struct Edit: Sendable, Equatable {
        package let field: CustomerField, from: FieldValue, to: FieldValue
    }

    package let id: ID
    package let kind: Kind
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?
    /// When it was done to several at once: what can be undone as a whole.
    package let operation: CustomerOperation.ID?
    package let edits: [Edit]

    package var at: Instant { id.uuid.instant }
}

extension CustomerFields {
    func edits(from old: CustomerFields) -> [CustomerHistoryEntry.Edit] {
        differences(from: old).map { CustomerHistoryEntry.Edit(field: $0, from: old[$0], to: self[$0]) }
    }

    /// Takes edits back where nobody has changed the field again.
    /// - Returns: whether all of them were.
    mutating func takeBack(_ edits: [CustomerHistoryEntry.Edit]) -> Bool {
        var isWhole = true
        for edit in edits {
            if self[edit.field] == edit.to { self[edit.field] = edit.from } else { isWhole = false }
        }
        return isWhole
    }
}

/// `{"name": {"from": "Asha", "to": "Asha Rao"}, "tags": {"to": ["silk"]}}`; what was or became empty is absent.
enum CustomerEdits {
    static func json(_ edits: [CustomerHistoryEntry.Edit]) -> String {
        var json = JSONWriter()
        json.object { json in
            for edit in edits {
                json.member(dynamic: edit.field.name) { json in
                    json.object { json in
                        write(edit.from, "from", to: &json)
                        write(edit.to, "to", to: &json)
                    }
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func write(_ value: FieldValue, _ name: StaticString, to json: inout JSONWriter) {
        switch value {
        case .none: break
        case .text(let text): json.member(name, text)
        case .texts(let texts): json.member(name, texts)
        }
    }

    /// - Throws: `JSONError`.
    static func read(_ text: String) throws -> [CustomerHistoryEntry.Edit] {
        guard case .object(let members) = try JSONReader.parse(Array(text.utf8), limits: limits) else { return [] }
        return members.compactMap { member in
            guard let field = CustomerField(member.key), case .object(let sides) = member.value else { return nil }
            func side(_ name: String) -> FieldValue {
                switch sides.first(where: { $0.key == name })?.value {
                case .string(let text): .text(text)
                case .array(let elements):
                    FieldValue(elements.compactMap { if case .string(let text) = $0 { text } else { nil } })
                default: .none
                }
            }
            return CustomerHistoryEntry.Edit(field: field, from: side("from"), to: side("to"))
        }
    }

    /// Twenty fields of ours and fifty of the business's, with both sides of each.
    private static let limits: JSONLimits = {
        var limits = JSONLimits()
        limits.nodes = 10_000
        return limits
    }()
}
