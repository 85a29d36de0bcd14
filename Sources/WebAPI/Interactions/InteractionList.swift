// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core

/// What timelines may be asked for.
package enum InteractionList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { ofTenant.parameterNames }
    package static var customerParameterNames: Set<String> { ofCustomer.parameterNames }

    static let ofTenant = ListShape("interactions", fields: fields, expansions: ["customer"])
    static let ofCustomer = ListShape("customer_interactions", fields: fields)

    private static let fields: [ListField<InteractionFilter>] = [
        ListField("kind", [.equal, .among]) { filter, _, values, pointer throws(FieldError) in
            guard filter.kinds.isEmpty else {
                throw FieldError(pointer, "repeated_parameter", "Give one kind, or some.")
            }
            for value in values {
                let kind = try InteractionContent.kind(value, at: pointer)
                if !filter.kinds.contains(kind) { filter.kinds.append(kind) }
            }
        },
        ListField("actor_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
            guard let actor = UserID(values[0])?.uuid ?? APIKeyID(values[0])?.uuid else {
                throw FieldError(
                    pointer, "invalid_value", "The id of somebody who works here, or of an API key: usr_… or key_…")
            }
            filter.actor = actor
        },
        ListField("occurred_at", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
            let time = try CustomerList.time(values[0], at: pointer, comparison)
            if comparison == .atLeast { filter.occurredAtLeast = time } else { filter.occurredAtMost = time }
        },
    ]
}
