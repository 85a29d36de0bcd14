// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What somebody sees in the morning: what they are to do, and whom they should not forget.
package struct Today: Sendable {
    /// The first of some kind, and how many there are.
    package struct Section<Element: Sendable>: Sendable {
        package let elements: [Element]
        /// Up to 100, which stands for that many and more.
        package let count: Int

        package var hasMore: Bool { count > elements.count }
    }

    static let shown = 20

    package let day: IndianDay
    /// Since before today.
    package let overdue: Section<FollowUp>
    package let due: Section<FollowUp>
    package let birthdays: Section<Occasion>
    package let anniversaries: Section<Occasion>
    package let unseen: Section<UnseenCustomer>
    /// Nil for whoever may not look into the credit book.
    package let unpaid: Section<UnpaidCustomer>?

    /// For whom it is.
    package enum Assignee: Sendable, Equatable {
        case everybody
        case one(UserID)
    }

    /// What is asked for.
    package struct Question: Sendable {
        package var assignee: Assignee
        /// 0 to 7: how far ahead one looks for birthdays.
        package var daysAhead = 7
        /// 1 or more: who was not seen for so long is told.
        package var unseenDays = 45

        package init(of assignee: Assignee) { self.assignee = assignee }
    }
}

extension Today.Section {
    /// Reads as many rows as are shown, and counts the others. The limit stands in the text, so that a plan is made that stops there.
    /// - Parameter order: in which they stand, where it is not that of the rows.
    static func query(
        _ statement: Statement, sorted order: (@Sendable (Element, Element) -> Bool)? = nil,
        _ decode: @escaping @Sendable (inout Row) throws -> Element
    ) -> Query<Today.Section<Element>> {
        var statement = statement
        statement += " LIMIT 100"
        return .rows(statement) { rows in
            var elements: [Element] = []
            try rows.forEach(order == nil ? Today.shown : rows.count) { row in elements.append(try decode(&row)) }
            if let order { elements.sort(by: order) }
            return Today.Section(elements: Array(elements.prefix(Today.shown)), count: rows.count)
        }
    }
}

package struct TodayService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// - Parameter now: the moment that is asked about.
    package func read(_ question: Today.Question, at now: Instant = .now(), for caller: Caller) async throws -> Today {
        let visibleTo = caller.seesCustomersOf, day = IndianDay(of: now), seesLedger = caller.may(.ledgerRead)
        return try await database.withTenant(caller.tenantID, .read, timeout: .seconds(3)) {
            (tx: borrowing TenantTransaction) in
            let tenant = tx.tenantID
            func due(_ span: Range<Instant>) -> Query<Today.Section<FollowUp>> {
                FollowUpQueries.due(span, for: question.assignee, at: now, of: tenant, visibleTo: visibleTo)
            }
            let days = OccasionDays(from: day, ahead: question.daysAhead)
            return Today(
                day: day,
                overdue: try tx.run(due(IndianDay.earliest.start..<day.start)),
                due: try tx.run(due(day.start..<day.advanced(byDays: 1).start)),
                birthdays: try tx.run(Occasion.query(.birthday, days, of: tenant, visibleTo: visibleTo)),
                anniversaries: try tx.run(Occasion.query(.anniversary, days, of: tenant, visibleTo: visibleTo)),
                unseen: try tx.run(
                    UnseenCustomer.query(
                        since: now.advanced(by: .seconds(-86_400 * question.unseenDays)), of: tenant,
                        visibleTo: visibleTo)),
                unpaid: seesLedger ? try tx.run(UnpaidCustomer.query(of: tenant, visibleTo: visibleTo)) : nil)
        }
    }
}

extension FollowUpQueries {
    /// What is open and due within a span of time, unless it is snoozed at this moment.
    static func due(
        _ span: Range<Instant>, for assignee: Today.Assignee, at now: Instant, of tenant: TenantID,
        visibleTo user: UserID?
    ) -> Query<Today.Section<FollowUp>> {
        var statement = selection(of: tenant, visibleTo: user)
        if case .one(let person) = assignee { statement += " AND f.assignee_id = \(person)" }
        statement += """
             AND f.state = 'open' AND f.due_at >= \(span.lowerBound) AND f.due_at < \(span.upperBound)
              AND (f.snoozed_until IS NULL OR f.snoozed_until <= \(now)) ORDER BY f.due_at, f.id
            """
        return Today.Section.query(statement, followUp)
    }
}
