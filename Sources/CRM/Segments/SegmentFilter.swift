// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A definition beside the fields that the business has now.
package struct SegmentFilter: Sendable {
    package let definition: SegmentDefinition
    private let fields: [CustomField]

    /// - Parameter fields: those that the business has added.
    package init(_ definition: SegmentDefinition, _ fields: [CustomField]) {
        self.definition = definition
        self.fields = fields
    }

    /// Fields of the business's own that its conditions speak of and that are gone, or hold something else by now. While there is one
    /// nobody belongs to the segment: the others would be more than was meant.
    package var broken: [String] {
        var names: [String] = []
        for condition in definition.conditions {
            guard case .custom = condition.field, condition.custom(fields) == nil else { continue }
            if !names.contains(condition.field.name) { names.append(condition.field.name) }
        }
        return names
    }

    /// To be put behind other conditions on rows of `app.customers` under its own name.
    func conditions(at now: Instant, of tenant: TenantID) -> Statement {
        var statement: Statement = ""
        for condition in definition.conditions { statement += condition.sql(fields, at: now, of: tenant) }
        return statement
    }
}
