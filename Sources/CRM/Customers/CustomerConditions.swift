// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What may be asked of a row of `app.customers` under its own name. Lists and segments put these together with AND.
enum CustomerConditions {
    /// - Parameter stages: at least one.
    static func stage(in stages: [CustomerStage]) -> Statement { isOne(of: stages.map(\.rawValue), "stage") }

    /// - Parameter languages: at least one.
    static func language(in languages: [Language]) -> Statement { isOne(of: languages.map(\.rawValue), "language") }

    private static func isOne(of texts: [String], _ column: Statement) -> Statement {
        texts.count == 1 ? "\(column) = \(texts[0])" : "\(column) = ANY (\(TextArray(texts)))"
    }

    static func hasTag(_ tag: String) -> Statement { "tags @> \(TextArray([tag]))" }
    static func hasTag(among tags: [String]) -> Statement { "tags && \(TextArray(tags))" }
    static func owner(_ user: UserID) -> Statement { "owner_id = \(user)" }
    static func source(_ text: String) -> Statement { "source = \(text)" }
    static func city(_ text: String) -> Statement { "city = \(text)" }
    static func pinCode(_ text: String) -> Statement { "pin_code = \(text)" }

    /// Texts of a column that begin like this, in an order of code points.
    static func begins(with prefix: String, _ column: Statement) -> Statement {
        "\(column) >= \(prefix) AND \(column) < \(prefix + "\u{10FFFF}")"
    }

    /// Of days that come again every year, those from one to another; around the turn of a year where the first is the later one.
    static func within(_ days: ClosedYearDays, _ column: Statement) -> Statement {
        days.first <= days.last
            ? "\(column) BETWEEN \(days.first) AND \(days.last)"
            : "(\(column) >= \(days.first) OR \(column) <= \(days.last))"
    }

    static func atLeast(_ time: Instant, _ column: Statement) -> Statement { "\(column) >= \(time)" }
    static func before(_ time: Instant, _ column: Statement) -> Statement { "\(column) < \(time)" }
    static func atMost(_ time: Instant, _ column: Statement) -> Statement { "\(column) <= \(time)" }
}

extension CustomerFilter {
    /// To be put behind other conditions on rows of `app.customers`.
    func conditions(of tenant: TenantID) -> Statement {
        var statement: Statement = ""
        if !stages.isEmpty { statement += " AND \(CustomerConditions.stage(in: stages))" }
        for owner in [owner, visibleTo].compactMap({ $0 }) { statement += " AND \(CustomerConditions.owner(owner))" }
        if let phone { statement += " AND phone = \(phone)" }
        if let email { statement += " AND email = \(email)" }
        if let phonePrefix { statement += " AND \(CustomerConditions.begins(with: phonePrefix, "phone"))" }
        if let prefix = namePrefix?.searchKey {
            statement += " AND \(CustomerConditions.begins(with: prefix, "coalesce(name_key, U&'\\+10FFFF')"))"
        }
        if let source { statement += " AND \(CustomerConditions.source(source))" }
        if let language { statement += " AND \(CustomerConditions.language(in: [language]))" }
        if let city { statement += " AND \(CustomerConditions.city(city))" }
        if let pinCode { statement += " AND \(CustomerConditions.pinCode(pinCode.value))" }
        if let whatsAppID { statement += " AND whatsapp_id = \(whatsAppID)" }
        if let birthdays { statement += " AND \(CustomerConditions.within(birthdays, "birthday"))" }
        if let anniversaries { statement += " AND \(CustomerConditions.within(anniversaries, "anniversary"))" }
        for condition in custom { statement += " AND id IN (\(condition.holders(of: tenant)))" }
        for (column, least, most) in times {
            if let least { statement += " AND \(CustomerConditions.atLeast(least, column))" }
            if let most { statement += " AND \(CustomerConditions.atMost(most, column))" }
        }
        if let tag { statement += " AND \(CustomerConditions.hasTag(tag))" }
        if let search {
            statement +=
                " AND id IN (\(SearchQueries.ids(search, most: Self.maximumFound, of: tenant, visibleTo: visibleTo)))"
        }
        return statement
    }

    private var times: [(column: Statement, least: Instant?, most: Instant?)] {
        [("created_at", createdAtLeast, createdAtMost), ("updated_at", updatedAtLeast, updatedAtMost)]
    }
}
