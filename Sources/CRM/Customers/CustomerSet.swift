// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Customers by what stands beside them in other tables, as a statement that finds their ids.
///
/// A condition on rows of `app.customers` finds the set once and looks into it for each row. NOT IN and IS TRUE keep PostgreSQL from
/// joining the two, which it would do row by row: a plan that is made once does not know how many there will be. No id may be NULL,
/// or NOT IN would let nobody pass.
struct CustomerSet: Sendable {
    private let ids: Statement

    init(_ ids: Statement) { self.ids = ids }

    /// To be put behind other conditions on rows of `app.customers` under its own name.
    var contains: Statement { " AND (id IN (\(ids))) IS TRUE" }
    var excludes: Statement { " AND id NOT IN (\(ids))" }

    // MARK: - Those who were merged are one person

    /// Those of whom a table has such a row, and those whom somebody of whom it does turned out to be.
    ///
    /// The first part is found in an index alone; the second begins with those who were merged, who are few. Ids of merged customers
    /// in the first part harm nobody: they are deleted.
    /// - Parameters:
    ///   - table: has the columns tenant_id and customer_id; `x` in the conditions.
    ///   - ofMerged: what must hold besides for somebody, `m`, who was merged into another.
    init(
        with table: Statement, where condition: Statement, ofMerged further: Statement = "true", of tenant: TenantID
    ) {
        ids = """
            SELECT x.customer_id FROM \(table) x WHERE x.tenant_id = \(tenant) AND \(condition)
            UNION ALL
            SELECT m.merged_into FROM app.customers m JOIN \(table) x ON x.tenant_id = \(tenant) AND x.customer_id = m.id
            WHERE m.tenant_id = \(tenant) AND m.merged_into IS NOT NULL AND \(condition) AND \(further)
            """
    }

    /// Those whom somebody turned out to be of whom a condition holds.
    static func survivors(where condition: Statement = "true", of tenant: TenantID) -> CustomerSet {
        CustomerSet(
            """
            SELECT merged_into FROM app.customers WHERE tenant_id = \(tenant) AND merged_into IS NOT NULL AND \(condition)
            """)
    }

    /// Those for whom a column of `app.customer_activity` adds up to what is asked, over all who turned out to be them.
    /// - Parameter test: such as `>= 500`. Whoever has no row is not among them.
    static func totalling(_ column: Statement, _ test: Statement, of tenant: TenantID) -> CustomerSet {
        CustomerSet(
            """
            SELECT x.customer_id FROM app.customer_activity x
            WHERE x.tenant_id = \(tenant) AND x.\(column) \(test) AND x.customer_id NOT IN (\(survivors(of: tenant).ids))
            UNION ALL
            SELECT f.survivor FROM (
                SELECT merged_into AS survivor, id AS member FROM app.customers WHERE tenant_id = \(tenant) AND merged_into IS NOT NULL
                UNION
                SELECT merged_into, merged_into FROM app.customers WHERE tenant_id = \(tenant) AND merged_into IS NOT NULL) f
            JOIN app.customer_activity x ON x.tenant_id = \(tenant) AND x.customer_id = f.member
            GROUP BY f.survivor HAVING sum(x.\(column)) \(test)
            """)
    }
}
