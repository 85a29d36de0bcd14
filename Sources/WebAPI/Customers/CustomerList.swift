// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage

/// What the customer book may be asked for.
package enum CustomerList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { shape.parameterNames.union(["q"]) }

    static let shape = ListShape<CustomerFilter>(
        "customers",
        fields: [
            ListField("stage", [.equal, .among]) { filter, _, values, pointer throws(FieldError) in
                guard filter.stages.isEmpty else {
                    throw FieldError(pointer, "repeated_parameter", "Give one stage, or some.")
                }
                var stages: [CustomerStage] = []
                for value in values { stages.append(try CustomerFields.stage(value, at: pointer)) }
                filter.stages = stages
            },
            ListField("tag", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.tag = try Text(values[0], at: pointer, maximumBytes: CustomerFields.maximumTagBytes).value
            },
            ListField("name", [.prefix]) { filter, _, values, pointer throws(FieldError) in
                filter.namePrefix = try searchText(values[0], at: pointer)
            },
            ListField("phone", [.equal, .prefix]) { filter, comparison, values, pointer throws(FieldError) in
                if comparison == .equal {
                    filter.phone = try PhoneNumber(values[0], at: pointer)
                } else {
                    filter.phonePrefix = try beginning(values[0], at: pointer)
                }
            },
            ListField("email", [.equal]) { filter, _, values, pointer throws(FieldError) in
                filter.email = try EmailAddress(values[0], at: pointer)
            },
            ListField("owner_id", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let owner = UserID(values[0]) else {
                    throw FieldError(pointer, "invalid_value", "The id of somebody who works here: usr_…")
                }
                filter.owner = owner
            },
            ListField("created_at", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
                let time = try time(values[0], at: pointer, comparison)
                if comparison == .atLeast { filter.createdAtLeast = time } else { filter.createdAtMost = time }
            },
            ListField("updated_at", [.atLeast, .atMost]) { filter, comparison, values, pointer throws(FieldError) in
                let time = try time(values[0], at: pointer, comparison)
                if comparison == .atLeast { filter.updatedAtLeast = time } else { filter.updatedAtMost = time }
            },
        ], orders: ["-created_at", "-updated_at", "name"])

    static func order(_ order: ListOrder) -> CustomerOrder {
        switch order.name {
        case "name": .name
        case "updated_at": .updatedAt
        default: .createdAt
        }
    }

    /// Text that is looked for. Accents alone would be found everywhere.
    static func searchText(_ text: String, at pointer: String) throws(FieldError) -> String {
        let text = try Text(text, at: pointer, maximumBytes: 100).value
        guard !text.searchKey.isEmpty else { throw FieldError(pointer, "required", "Give a letter or a digit.") }
        return text
    }

    /// Replies show whole milliseconds: "at most" one of them is all of it.
    private static func time(_ text: String, at pointer: String, _ comparison: Comparison) throws(FieldError) -> Instant
    {
        guard let time = Instant(rfc3339: text) else {
            throw FieldError(pointer, "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
        }
        let isWhole = comparison == .atMost && time.microseconds % 1_000 == 0
        return isWhole ? time.advanced(by: .microseconds(999)) : time
    }

    /// A plus and one to fifteen digits.
    private static func beginning(_ text: String, at pointer: String) throws(FieldError) -> String {
        guard text.first == "+", (2...16).contains(text.utf8.count),
            text.utf8.dropFirst().allSatisfy({ (48...57).contains($0) })
        else { throw FieldError(pointer, "invalid_phone", "Give the beginning of a number like +9198.") }
        return text
    }
}
