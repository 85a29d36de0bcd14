// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core

/// What follow-ups may be asked for.
package enum FollowUpList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { shape.parameterNames }

    static let shape = ListShape<FollowUpFilter>(
        "follow_ups",
        fields: [
            ListField("state", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let state = FollowUp.State(rawValue: values[0]) else {
                    throw FieldError(pointer, "invalid_value", "One of open, done, cancelled.")
                }
                filter.state = state
            },
            ListField("assignee_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.assignee = try ListValue.member(values[0], at: pointer)
            },
            ListField("customer_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.customer = try ListValue.customer(values[0], at: pointer)
            },
            ListField("due_at", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
                let time = try ListValue.time(values[0], at: pointer, comparison)
                if comparison == .atLeast { filter.dueAtLeast = time } else { filter.dueAtMost = time }
            },
        ], orders: ["due_at"])
}

/// What lists are filtered by.
enum ListValue {
    static func member(_ text: String, at pointer: String) throws(FieldError) -> UserID {
        guard let id = UserID(text) else {
            throw FieldError(pointer, "invalid_value", "The id of somebody who works here: usr_…")
        }
        return id
    }

    static func customer(_ text: String, at pointer: String) throws(FieldError) -> Customer.ID {
        guard let id = Customer.ID(text) else {
            throw FieldError(pointer, "invalid_value", "The id of a customer: cus_…")
        }
        return id
    }

    /// Replies show whole milliseconds: "at most" one of them is all of it.
    static func time(_ text: String, at pointer: String, _ comparison: Comparison) throws(FieldError) -> Instant {
        guard let time = Instant(rfc3339: text) else {
            throw FieldError(pointer, "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
        }
        let isWhole = comparison == .atMost && time.microseconds % 1_000 == 0
        return isWhole ? time.advanced(by: .microseconds(999)) : time
    }
}
