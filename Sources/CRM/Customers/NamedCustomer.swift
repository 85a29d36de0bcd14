// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A customer as they are shown beside what is theirs, so that they can be called at once.
package struct NamedCustomer: Sendable, Equatable {
    package let id: Customer.ID
    package let name: String?
    package let phone: PhoneNumber?

    /// - Parameter row: with ``columns``.
    init?(_ row: inout Row) throws {
        guard let id: Customer.ID = try row.decodeIfPresent("customer_id") else { return nil }
        self.id = id
        name = try row.decodeIfPresent("customer_name")
        phone = try row.decodeIfPresent("customer_phone")
    }

    /// Of whoever is known as `c`.
    static let columns: Statement = "c.id AS customer_id, c.name AS customer_name, c.phone AS customer_phone"

    // MARK: - Finding them

    /// Whoever a row's customer turned out to be, to be joined as `c`; nobody where they were deleted. Its LIMIT has each looked up
    /// by its key, however many rows PostgreSQL expects.
    /// - Parameters:
    ///   - column: the one that names the customer.
    ///   - user: only if this person looks after them; anybody's when nil.
    static func ofRow(_ column: Statement, of tenant: TenantID, visibleTo user: UserID? = nil) -> Statement {
        """
        (SELECT s.id, s.name, s.phone, s.owner_id FROM app.customers k JOIN app.customers s
             ON s.tenant_id = \(tenant) AND s.id = CASE WHEN k.merged_into IS NULL THEN k.id ELSE k.merged_into END
         WHERE k.tenant_id = \(tenant) AND k.id = \(column) AND s.deleted_at IS NULL\(isLookedAfter("s.owner_id", by: user)) LIMIT 1)
        """
    }

    /// - Parameter user: nobody is told from anybody when nil.
    static func isLookedAfter(_ column: Statement, by user: UserID?) -> Statement {
        guard let user else { return "" }
        return " AND \(column) = \(user)"
    }

    /// A customer and all who were merged into them, by any of their ids.
    static func all(of customer: Customer.ID, _ tenant: TenantID) -> Statement {
        """
        SELECT k.id FROM app.customers k WHERE k.tenant_id = \(tenant)
          AND (k.id = \(CustomerQueries.survivor(of: customer, tenant))
               OR k.merged_into = \(CustomerQueries.survivor(of: customer, tenant)))
        """
    }

    /// Those whom somebody looks after, and all who were merged into them.
    static func lookedAfter(by user: UserID, of tenant: TenantID) -> Statement {
        """
        SELECT o.id FROM app.customers o WHERE o.tenant_id = \(tenant) AND o.owner_id = \(user) AND o.deleted_at IS NULL
        UNION ALL
        SELECT m.id FROM app.customers o JOIN app.customers m ON m.tenant_id = \(tenant) AND m.merged_into = o.id
        WHERE o.tenant_id = \(tenant) AND o.owner_id = \(user) AND o.deleted_at IS NULL
        """
    }

    /// Those in the bin, and all who were merged into them.
    static func deleted(of tenant: TenantID) -> Statement {
        """
        SELECT g.id FROM app.customers g WHERE g.tenant_id = \(tenant) AND g.deleted_at IS NOT NULL AND g.merged_into IS NULL
        UNION ALL
        SELECT m.id FROM app.customers g JOIN app.customers m ON m.tenant_id = \(tenant) AND m.merged_into = g.id
        WHERE g.tenant_id = \(tenant) AND g.deleted_at IS NOT NULL AND g.merged_into IS NULL
        """
    }
}
