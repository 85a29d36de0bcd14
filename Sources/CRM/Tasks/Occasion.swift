// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer's birthday or anniversary that comes soon.
package struct Occasion: Sendable {
    package enum Kind: Sendable { case birthday, anniversary }

    package let customer: NamedCustomer
    package let day: IndianDay
    /// How many days it is until then.
    package let daysAhead: Int
    /// How many years it will be; nil when nobody has told the first.
    package let years: Int?
}

/// Some days in a row, as ``PartialDate/monthDay`` has them, in order. In a year without a 29th of February that day is on the 28th.
package struct OccasionDays: Sendable {
    /// With how many days it is until then. Two may be on one.
    package let days: [(monthDay: Int, offset: Int)]
    let first: IndianDay

    /// - Parameter ahead: 0 or more.
    package init(from first: IndianDay, ahead: Int) {
        self.first = first
        days = (0...ahead).flatMap { offset in
            let day = first.advanced(byDays: offset), monthDay = day.month * 100 + day.day
            let isLast = monthDay == 228 && Instant.days(in: 2, of: day.year) == 28
            return [(monthDay, offset)] + (isLast ? [(229, offset)] : [])
        }
    }
}

extension Occasion {
    /// The soonest first.
    static func query(_ kind: Kind, _ days: OccasionDays, of tenant: TenantID, visibleTo user: UserID?) -> Query<
        Today.Section<Occasion>
    > {
        let (day, year): (Statement, Statement) =
            switch kind {
            case .birthday: ("birthday", "birth_year")
            case .anniversary: ("anniversary", "anniversary_year")
            }
        let monthDays = TextArray(days.days.map { String($0.monthDay) })
        let offsets = TextArray(days.days.map { String($0.offset) })
        // Day by day, so that no more is read than is shown, however many were born in one week.
        let statement: Statement = """
            SELECT d.days_ahead, \(NamedCustomer.columns), c.year
            FROM unnest(\(monthDays)::bigint[], \(offsets)::bigint[]) AS d (month_day, days_ahead)
            CROSS JOIN LATERAL (
                SELECT id, name, phone, \(year) AS year FROM app.customers
                WHERE tenant_id = \(tenant) AND \(day) = d.month_day AND deleted_at IS NULL
                  \(NamedCustomer.isLookedAfter("owner_id", by: user)) ORDER BY id LIMIT 100) c
            ORDER BY d.days_ahead, d.month_day, c.id
            """
        return Today.Section.query(statement) { row in
            let ahead: Int = try row.decode("days_ahead"), day = days.first.advanced(byDays: ahead)
            guard let customer = try NamedCustomer(&row) else { throw DatabaseError.decoding(column: "customer_id") }
            let year: Int? = try row.decodeIfPresent("year")
            return Occasion(
                customer: customer, day: day, daysAhead: ahead,
                years: year.flatMap { $0 < day.year ? day.year - $0 : nil })
        }
    }
}
