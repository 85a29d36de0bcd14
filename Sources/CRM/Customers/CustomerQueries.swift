// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum CustomerQueries {
    /// At most `limit` customers behind `after`.
    static func page<Output: Sendable>(
        _ filter: CustomerFilter, _ order: CustomerOrder, isDescending: Bool, after: CustomerPosition?, limit: Int,
        of tenant: TenantID, _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) -> Query<Output> {
        // What is asked most of all, in one piece: putting it together costs more than one would think.
        if filter == CustomerFilter(), case .createdAt = order, isDescending {
            return Query.rows(
                """
                SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
                WHERE tenant_id = \(tenant) AND id < \(after?.id.uuid ?? .greatest) ORDER BY id DESC LIMIT \(limit)
                """, read
            ).quick
        }
        var statement: Statement = """
            SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at
            """
        if case .name = order { statement += ", coalesce(name_key, U&'\\+10FFFF') AS name_order" }
        statement += " FROM app.customers WHERE tenant_id = \(tenant)"
        statement += behind(after, order, isDescending)
        statement += conditions(filter)
        statement += sorted(order, isDescending)
        statement += " LIMIT \(limit)"
        statement.isPrepared = filter.isCommon
        let query = Query.rows(statement, read)
        // Only a stage and an owner have an index, and that in the order of age; all else is looked for in every row of a tenant.
        let isQuick = filter == CustomerFilter() || (filter.isStageAlone || filter.isOwnerAlone) && order == .createdAt
        return isQuick ? query.quick : query.limited(to: .seconds(3))
    }

    private static func behind(_ after: CustomerPosition?, _ order: CustomerOrder, _ isDescending: Bool) -> Statement {
        switch (order, isDescending, after) {
        case (.createdAt, true, let after): return " AND id < \(after?.id.uuid ?? .greatest)"
        case (.createdAt, false, let after): return " AND id > \(after?.id.uuid ?? .least)"
        case (_, _, nil): return ""
        case (.updatedAt, true, let after?): return " AND (updated_at, id) < (\(after.updatedAt), \(after.id))"
        case (.updatedAt, false, let after?): return " AND (updated_at, id) > (\(after.updatedAt), \(after.id))"
        case (.name, true, let after?):
            return " AND (coalesce(name_key, U&'\\+10FFFF'), id) < (\(after.nameOrder), \(after.id))"
        case (.name, false, let after?):
            return " AND (coalesce(name_key, U&'\\+10FFFF'), id) > (\(after.nameOrder), \(after.id))"
        }
    }

    private static func sorted(_ order: CustomerOrder, _ isDescending: Bool) -> Statement {
        switch (order, isDescending) {
        case (.createdAt, true): " ORDER BY id DESC"
        case (.createdAt, false): " ORDER BY id"
        case (.updatedAt, true): " ORDER BY updated_at DESC, id DESC"
        case (.updatedAt, false): " ORDER BY updated_at, id"
        case (.name, true): " ORDER BY coalesce(name_key, U&'\\+10FFFF') DESC, id DESC"
        case (.name, false): " ORDER BY coalesce(name_key, U&'\\+10FFFF'), id"
        }
    }

    private static func conditions(_ filter: CustomerFilter) -> Statement {
        var statement: Statement = ""
        if filter.stages.count == 1 {
            statement += " AND stage = \(filter.stages[0].rawValue)"
        } else if !filter.stages.isEmpty {
            statement += " AND stage = ANY (\(TextArray(filter.stages.map(\.rawValue))))"
        }
        if let owner = filter.owner { statement += " AND owner_id = \(owner)" }
        if let owner = filter.visibleTo { statement += " AND owner_id = \(owner)" }
        if let phone = filter.phone { statement += " AND phone = \(phone)" }
        if let email = filter.email { statement += " AND email = \(email)" }
        if let prefix = filter.phonePrefix { statement += " AND phone >= \(prefix) AND phone < \(prefix + last)" }
        if let prefix = filter.namePrefix?.searchKey {
            statement += """
                 AND coalesce(name_key, U&'\\+10FFFF') >= \(prefix) AND coalesce(name_key, U&'\\+10FFFF') < \(prefix + last)
                """
        }
        if let time = filter.createdAtLeast { statement += " AND created_at >= \(time)" }
        if let time = filter.createdAtMost { statement += " AND created_at <= \(time)" }
        if let time = filter.updatedAtLeast { statement += " AND updated_at >= \(time)" }
        if let time = filter.updatedAtMost { statement += " AND updated_at <= \(time)" }
        if let tag = filter.tag { statement += " AND tags @> \(TextArray([tag]))" }
        if let search = filter.search {
            let key = LikePattern.containing(search.searchKey)
            if let digits = PhoneFragment.digits(in: search) {
                statement += " AND (name_key LIKE \(key) OR phone LIKE \(LikePattern.containing(digits)))"
            } else {
                statement += " AND name_key LIKE \(key)"
            }
        }
        return statement
    }

    /// Behind every text that begins alike, in an order of code points.
    private static let last = "\u{10FFFF}"

    /// - Parameter visibleTo: only if they look after the customer; anybody's when nil.
    static func find(_ id: Customer.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<Customer?> {
        .first(
            """
            SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
            WHERE tenant_id = \(tenant) AND id = \(id) AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id)
            """, customer
        ).quick
    }

    /// Those of many that are there, in no order.
    static func find(_ ids: [Customer.ID], in tx: borrowing TenantTransaction) throws -> [Customer] {
        guard !ids.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(TextArray(ids.map(\.uuid.hex)))::uuid[])
            """, customer)
    }

    /// Keeps the row as it is until the transaction ends.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    static func lock(_ id: Customer.ID, visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws -> Customer?
    {
        try tx.first(
            """
            SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id)
            FOR UPDATE
            """, customer)
    }

    /// Every customer with one of these numbers or addresses, locked.
    static func lock(phones: [String], emails: [String], in tx: borrowing TenantTransaction) throws -> [Customer] {
        try tx.all(
            """
            SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND (phone = ANY (\(TextArray(phones))) OR email = ANY (\(TextArray(emails))))
            ORDER BY id FOR UPDATE
            """, customer)
    }

    /// - Throws: `DatabaseError` naming `customers_phone` or `customers_email` when another customer has it.
    static func insert(_ id: Customer.ID, _ fields: CustomerFields, of tenant: TenantID) -> Query<Customer> {
        .one(
            """
            INSERT INTO app.customers (tenant_id, id, name, name_key, phone, email, stage, tags, notes, owner_id)
            VALUES (\(tenant), \(id), \(fields.name), \(fields.name?.searchKey), \(fields.phone), \(fields.email),
                    \(fields.stage.rawValue), \(TextArray(fields.tags)), \(fields.notes), \(fields.owner))
            RETURNING id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at
            """, customer)
    }

    /// - Throws: as ``insert(_:_:of:)``.
    static func insertAll(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction)
        throws -> [Customer]
    {
        guard !customers.isEmpty else { return [] }
        var statement = insertion(of: customers, in: tx)
        statement += " RETURNING id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at"
        return try tx.all(statement, customer)
    }

    private static func insertion(
        of customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction
    ) -> Statement {
        var statement: Statement =
            "INSERT INTO app.customers (tenant_id, id, name, name_key, phone, email, stage, tags, notes, owner_id) VALUES "
        for (index, (id, fields)) in customers.enumerated() {
            if index > 0 { statement += ", " }
            statement += """
                (\(tx.tenantID), \(id), \(fields.name), \(fields.name?.searchKey), \(fields.phone), \(fields.email), \
                \(fields.stage.rawValue), \(TextArray(fields.tags)), \(fields.notes), \(fields.owner))
                """
        }
        statement.isPrepared = false
        return statement
    }

    /// - Throws: as ``insert(_:_:of:)``.
    static func update(_ id: Customer.ID, _ fields: CustomerFields, in tx: borrowing TenantTransaction) throws
        -> Customer
    {
        try tx.one(
            """
            UPDATE app.customers
            SET name = \(fields.name), name_key = \(fields.name?.searchKey), phone = \(fields.phone), email = \(fields.email),
                stage = \(fields.stage.rawValue), tags = \(TextArray(fields.tags)), notes = \(fields.notes),
                owner_id = \(fields.owner), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id)
            RETURNING id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at
            """, customer)
    }

    /// Writes many at once: new ones, and changed ones that the transaction has locked.
    static func put(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction) throws
    {
        guard !customers.isEmpty else { return }
        try release(customers.compactMap { $0.fields.email?.address }, of: customers.map(\.id), in: tx)
        var statement = insertion(of: customers, in: tx)
        statement += """
             ON CONFLICT (tenant_id, id) DO UPDATE
            SET name = excluded.name, name_key = excluded.name_key, phone = excluded.phone, email = excluded.email,
                tags = excluded.tags, notes = excluded.notes, version = customers.version + 1, updated_at = now()
            """
        try tx.execute(statement)
    }

    /// An address may go from one of these customers to another, whichever of the two is written first. Until then its
    /// holder is known by some name, if by nothing else.
    private static func release(_ emails: [String], of ids: [Customer.ID], in tx: borrowing TenantTransaction) throws {
        guard !emails.isEmpty else { return }
        var statement: Statement = """
            UPDATE app.customers SET email = NULL, name = coalesce(name, '-'), name_key = coalesce(name_key, '-')
            WHERE tenant_id = \(tx.tenantID) AND email = ANY(\(TextArray(emails))) AND id IN (
            """
        for (index, id) in ids.enumerated() { statement += index > 0 ? ", \(id)" : "\(id)" }
        statement += ")"
        statement.isPrepared = false
        try tx.execute(statement)
    }

    static func delete(_ id: Customer.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.customers WHERE tenant_id = \(tx.tenantID) AND id = \(id)")
    }

    /// Who has a number or an address, for the error that says so.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    static func holder(
        phone: PhoneNumber?, email: EmailAddress?, of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<Customer.ID?> {
        .first(
            """
            SELECT id FROM app.customers
            WHERE tenant_id = \(tenant) AND (phone = \(phone) OR email = \(email))
              AND owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id) LIMIT 1
            """
        ) { row in try row.decode("id") }
    }

    /// Those of some people who work in the business.
    static func members(among users: [UserID], of tenant: TenantID) -> Query<[UserID]> {
        .all(
            """
            SELECT user_id FROM app.memberships
            WHERE tenant_id = \(tenant) AND user_id = ANY (\(TextArray(users.map(\.uuid.hex)))::uuid[]) AND ended_at IS NULL
            """
        ) { row in try row.decode("user_id") }
    }

    @Sendable private static func customer(_ row: inout Row) throws -> Customer {
        try Customer(
            id: row.decode("id"), name: row.decodeIfPresent("name"), phone: row.decodeIfPresent("phone"),
            email: row.decodeIfPresent("email"), stage: stage(row.decode("stage")),
            tags: (row.decode("tags") as TextArray).elements,
            notes: row.decodeIfPresent("notes"), owner: row.decodeIfPresent("owner_id"), version: row.decode("version"),
            createdAt: row.decode("created_at"),
            updatedAt: row.decode("updated_at"))
    }

    private static func stage(_ text: String) throws -> CustomerStage {
        guard let stage = CustomerStage(rawValue: text) else { throw DatabaseError.decoding(column: "stage") }
        return stage
    }
}

/// Patterns for LIKE in which what a person typed stands for itself.
enum LikePattern {
    static func containing(_ text: String) -> String {
        "%" + text.map { "\\%_".contains($0) ? "\\\($0)" : String($0) }.joined() + "%"
    }
}

/// Part of a phone number as someone types it into a search box.
enum PhoneFragment {
    /// Its ASCII digits, without a trunk zero; nil unless there are at least three and nothing but digits and separators.
    static func digits(in text: String) -> String? {
        var digits = ""
        for scalar in text.unicodeScalars {
            if let digit = DecimalDigit.value(of: scalar) {
                digits += String(digit)
            } else if !" +-().".unicodeScalars.contains(scalar) {
                return nil
            }
        }
        let significant = digits.drop { $0 == "0" }
        return significant.count >= 3 ? String(significant) : nil
    }
}
