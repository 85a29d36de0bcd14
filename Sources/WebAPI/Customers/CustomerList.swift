// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage

/// What the customer book may be asked for.
package enum CustomerList {
    /// As `openapi.yaml` has them.
    package static var parameterNames: Set<String> { shape.parameterNames.union(["q"]) }

    /// What is asked for, before it is known which fields the business has added.
    struct Asked: Sendable {
        var filter = CustomerFilter()
        var custom: [(comparison: Comparison, key: String, text: String, pointer: String)] = []
    }

    static let shape = ListShape<Asked>(
        "customers",
        fields: [
            ListField("stage", [.equal, .among]) { asked, _, values, pointer throws(FieldError) in
                guard asked.filter.stages.isEmpty else {
                    throw FieldError(pointer, "repeated_parameter", "Give one stage, or some.")
                }
                var stages: [CustomerStage] = []
                for value in values { stages.append(try CustomerFields.stage(value, at: pointer)) }
                asked.filter.stages = stages
            },
            ListField("tag", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.tag = try Text(values[0], at: pointer, maximumBytes: CustomerFields.maximumTagBytes).value
            },
            ListField("name", [.prefix]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.namePrefix = try CustomerFilter.searchText(values[0], at: pointer)
            },
            ListField("phone", [.equal, .prefix]) { asked, comparison, values, pointer throws(FieldError) in
                if comparison == .equal {
                    asked.filter.phone = try PhoneNumber(values[0], at: pointer)
                } else {
                    asked.filter.phonePrefix = try beginning(values[0], at: pointer)
                }
            },
            ListField("email", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.email = try EmailAddress(values[0], at: pointer)
            },
            ListField("owner_id", [.equal]) { asked, _, values, pointer throws(FieldError) in
                guard let owner = UserID(values[0]) else {
                    throw FieldError(pointer, "invalid_value", "The id of somebody who works here: usr_…")
                }
                asked.filter.owner = owner
            },
            ListField("source", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.source = try CustomerFields.source(values[0], at: pointer)
            },
            ListField("language", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.language = try CustomerFields.language(values[0], at: pointer)
            },
            ListField("city", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.city = try CustomerFields.place(values[0], at: pointer)
            },
            ListField("pin_code", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.pinCode = try PINCode(values[0], at: pointer)
            },
            ListField("whatsapp_id", [.equal]) { asked, _, values, pointer throws(FieldError) in
                asked.filter.whatsAppID = try CustomerFields.whatsAppID(values[0], at: pointer)
            },
            ListField("birthday", [.atLeast, .atMost]) { asked, comparison, values, pointer throws(FieldError) in
                try days(&asked.filter.birthdays, comparison, values[0], at: pointer)
            },
            ListField("anniversary", [.atLeast, .atMost]) { asked, comparison, values, pointer throws(FieldError) in
                try days(&asked.filter.anniversaries, comparison, values[0], at: pointer)
            },
            ListField("custom", [.equal, .atLeast, .atMost, .prefix]) {
                asked, comparison, values, pointer throws(FieldError) in
                guard let colon = values[0].firstIndex(of: ":") else {
                    throw FieldError(pointer, "invalid_value", "Give a field's key, a colon and a value: size:38")
                }
                let text = String(values[0][values[0].index(after: colon)...])
                asked.custom.append((comparison, String(values[0][..<colon]), text, pointer))
            },
            ListField("created_at", [.atLeast, .atMost]) { asked, comparison, values, pointer throws(FieldError) in
                let time = try time(values[0], at: pointer, comparison)
                if comparison == .atLeast {
                    asked.filter.createdAtLeast = time
                } else {
                    asked.filter.createdAtMost = time
                }
            },
            ListField("updated_at", [.atLeast, .atMost]) { asked, comparison, values, pointer throws(FieldError) in
                let time = try time(values[0], at: pointer, comparison)
                if comparison == .atLeast {
                    asked.filter.updatedAtLeast = time
                } else {
                    asked.filter.updatedAtMost = time
                }
            },
        ], orders: ["-created_at", "-updated_at", "name"], expansions: ["details"])

    /// Days of any year: `--04-23`.
    private static func days(
        _ days: inout ClosedYearDays?, _ comparison: Comparison, _ text: String, at pointer: String
    ) throws(FieldError) {
        let date = try PartialDate(text, at: pointer)
        guard date.year == nil else {
            throw FieldError(pointer, "invalid_date", "Give a day of any year, like --04-23.")
        }
        var range = days ?? ClosedYearDays()
        if comparison == .atLeast { range.first = date.monthDay } else { range.last = date.monthDay }
        days = range
    }

    /// Conditions on fields that the business has added: `filter[custom][gte]=size:38`.
    /// - Throws: `Request.Failure.badQuery`.
    static func conditions(_ asked: Asked, _ definitions: [CustomField]) throws -> [CustomCondition] {
        try asked.custom.map { comparison, key, text, pointer in
            try Pages.queryField { () throws(FieldError) in
                guard let field = definitions.first(where: { $0.key == key }) else {
                    throw FieldError(pointer, "unknown_field", "The business has no such field.")
                }
                guard comparison == .equal || field.kind.isText == (comparison == .prefix) else {
                    throw FieldError(pointer, "invalid_value", "This field is not compared like that.")
                }
                if comparison == .prefix {
                    return CustomCondition(field.id, .beginning(try CustomerFilter.searchText(text, at: pointer)))
                }
                let value = try CustomValue(typed: text, of: field, at: pointer)
                return switch comparison {
                case .atLeast: CustomCondition(field.id, .atLeast(value))
                case .atMost: CustomCondition(field.id, .atMost(value))
                default: CustomCondition(field.id, .equal(value))
                }
            }
        }
    }

    static func order(_ order: ListOrder) -> CustomerOrder {
        switch order.name {
        case "name": .name
        case "updated_at": .updatedAt
        default: .createdAt
        }
    }

    /// Replies show whole milliseconds: "at most" one of them is all of it.
    static func time(_ text: String, at pointer: String, _ comparison: Comparison) throws(FieldError) -> Instant {
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
