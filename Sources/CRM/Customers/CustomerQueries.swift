// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum CustomerQueries {
    /// At most `limit` customers behind `after`.
    static func page<Output: Sendable>(
        _ filter: CustomerFilter, _ order: CustomerOrder, isDescending: Bool, after: CustomerPosition?, limit: Int,
        isDetailed: Bool, of tenant: TenantID, _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) -> Query<Output> {
        // What is asked most of all, in one piece: putting it together costs more than one would think.
        if filter == CustomerFilter(), case .createdAt = order, isDescending, !isDetailed {
            return Query.rows(
                """
                SELECT id, name, phone, email, stage, tags, notes, owner_id, version, created_at, updated_at FROM app.customers
                WHERE tenant_id = \(tenant) AND id < \(after?.id.uuid ?? .greatest) AND deleted_at IS NULL ORDER BY id DESC LIMIT \(limit)
                """, read
            ).quick
        }
        var statement: Statement =
            isDetailed
            ? "SELECT \(CustomerRow.columns)"
            : "SELECT \(CustomerRow.listed)"
        if case .name = order { statement += ", coalesce(name_key, U&'\\+10FFFF') AS name_order" }
        statement += " FROM app.customers WHERE tenant_id = \(tenant) AND deleted_at IS NULL"
        statement += behind(after, order, isDescending)
        statement += filter.conditions(of: tenant)
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

    /// Who a customer turned out to be; themselves unless they were merged, NULL when they are not there. A sub-select as a whole:
    /// around one, coalesce() would keep row security from looking for the result by key.
    static func survivor(of id: Customer.ID, _ tenant: TenantID) -> Statement {
        "(SELECT coalesce(merged_into, id) FROM app.customers WHERE tenant_id = \(tenant) AND id = \(id))"
    }

    /// Nobody but whom this person looks after; anybody when nil.
    static func isVisible(to user: UserID?) -> Statement {
        "owner_id IS NOT DISTINCT FROM coalesce(\(user), owner_id)"
    }

    /// One who was not deleted, also by the id of another who was merged into them.
    /// - Parameter visibleTo: only if they look after the customer; anybody's when nil.
    static func find(_ id: Customer.ID, of tenant: TenantID, visibleTo user: UserID?) -> Query<Customer?> {
        .first(
            """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tenant) AND id = \(survivor(of: id, tenant)) AND deleted_at IS NULL AND \(isVisible(to: user))
            """, CustomerRow.customer
        ).quick
    }

    /// Those of many that are there, in no order.
    static func find(_ ids: [Customer.ID], in tx: borrowing TenantTransaction) throws -> [Customer] {
        guard !ids.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids))) AND deleted_at IS NULL
            """, CustomerRow.customer)
    }

    /// Keeps the row as it is until the transaction ends.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    static func lock(_ id: Customer.ID, visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws -> Customer?
    {
        // Who was merged while we waited for them is somebody else by now: asked again they are found.
        for _ in 0..<2 {
            let found = try tx.first(
                """
                SELECT \(CustomerRow.columns) FROM app.customers
                WHERE tenant_id = \(tx.tenantID) AND id = \(survivor(of: id, tx.tenantID)) AND deleted_at IS NULL AND \(isVisible(to: user))
                FOR UPDATE
                """, CustomerRow.customer)
            // Who was two again meanwhile is not the one they had been taken for.
            if let found, try found.id == id || MergeQueries.target(of: id, in: tx) == found.id { return found }
        }
        return nil
    }

    /// Who somebody turned out to be, by the id they were named by.
    typealias Survivors = [Customer.ID: Customer.ID]

    /// Of many those that are there, also by the ids of others who were merged into them, locked in the order of their ids.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    /// - Returns: besides, who each of those that were named turned out to be.
    static func lock(named ids: [Customer.ID], visibleTo user: UserID?, in tx: borrowing TenantTransaction) throws
        -> (customers: [Customer], survivors: Survivors)
    {
        var survivors = try survivors(of: ids, in: tx)
        while true {
            let customers = try lock(Array(Set(survivors.values)), areDeleted: false, visibleTo: user, in: tx)
            // Whom we waited for may be somebody else by now; whom we hold nobody merges or takes apart, so this ends.
            let now = try Self.survivors(of: ids, in: tx)
            if now == survivors { return (customers, survivors) }
            survivors = now
        }
    }

    /// Who some customers turned out to be, by the ids that were asked about; who was not merged is who they are.
    static func survivors(of ids: [Customer.ID], in tx: borrowing TenantTransaction) throws -> Survivors {
        guard !ids.isEmpty else { return [:] }
        let merged = try tx.all(
            """
            SELECT id, merged_into FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids))) AND merged_into IS NOT NULL
            """
        ) { row in (try row.decode("id") as Customer.ID, try row.decode("merged_into") as Customer.ID) }
        let all = ids.map { ($0, $0) } + merged
        return Dictionary(all) { _, survivor in survivor }
    }

    /// Of many those that are there, or that were deleted, locked in the order of their ids.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    static func lock(
        _ ids: [Customer.ID], areDeleted: Bool, visibleTo user: UserID?, in tx: borrowing TenantTransaction
    )
        throws -> [Customer]
    {
        guard !ids.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids))) AND merged_into IS NULL
              AND (deleted_at IS NOT NULL) = \(areDeleted) AND (erase_after IS NULL OR erase_after > now()) AND \(isVisible(to: user))
            ORDER BY id FOR UPDATE
            """, CustomerRow.customer)
    }

    /// Every customer with one of these numbers, addresses or WhatsApp ids, locked.
    static func lock(
        phones: [String], emails: [String], whatsAppIDs: [String], in tx: borrowing TenantTransaction
    ) throws -> [Customer] {
        guard !phones.isEmpty || !emails.isEmpty || !whatsAppIDs.isEmpty else { return [] }
        return try tx.all(
            """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tx.tenantID) AND deleted_at IS NULL
              AND (phone = ANY (\(TextArray(phones))) OR email = ANY (\(TextArray(emails)))
                   OR whatsapp_id IS NOT NULL AND whatsapp_id = ANY (\(TextArray(whatsAppIDs))))
            ORDER BY id FOR UPDATE
            """, CustomerRow.customer)
    }

    /// The same for all of theirs.
    static func lock(sharingIdentifiersWith many: [CustomerFields], in tx: borrowing TenantTransaction) throws
        -> [Customer]
    {
        try lock(
            phones: many.compactMap { $0.phone?.e164 }, emails: many.compactMap { $0.email?.address },
            whatsAppIDs: many.compactMap(\.whatsAppID), in: tx)
    }

    /// - Throws: `DatabaseError` naming what `DatabaseError.takenIdentifier` knows when another customer has it.
    static func insert(_ id: Customer.ID, _ fields: CustomerFields, of tenant: TenantID) -> Query<Customer> {
        .one(
            """
            WITH key AS (
                INSERT INTO app.customer_search_keys (tenant_id, customer_id, owner_id, key, names, sound, note_words)
                VALUES \(SearchQueries.values(id, fields, of: tenant)))
            INSERT INTO app.customers (tenant_id, id, name, name_key, phone, email, whatsapp_id, other_phones, other_emails, stage, tags,
                                       notes, address, city, state, pin_code, gstin, birthday, birth_year, anniversary, anniversary_year,
                                       language, source, owner_id)
            VALUES (\(tenant), \(id), \(fields.name), \(fields.name?.searchKey), \(fields.phone), \(fields.email), \(fields.whatsAppID),
                    \(TextArray(fields.otherPhones.map(\.e164))), \(TextArray(fields.otherEmails.map(\.address))),
                    \(fields.stage.rawValue), \(TextArray(fields.tags)), \(fields.notes), \(fields.address), \(fields.city), \(fields.state),
                    \(fields.pinCode?.value), \(fields.gstin?.value), \(fields.birthday?.monthDay), \(fields.birthday?.year),
                    \(fields.anniversary?.monthDay), \(fields.anniversary?.year), \(fields.language?.rawValue), \(fields.source),
                    \(fields.owner))
            RETURNING version, created_at, updated_at
            """
        ) { row in try written(id, fields, &row) }
    }

    private static func written(_ id: Customer.ID, _ fields: CustomerFields, _ row: inout Row) throws -> Customer {
        try Customer(
            id: id, fields: fields, version: row.decode("version"), createdAt: row.decode("created_at"),
            updatedAt: row.decode("updated_at"))
    }

    /// - Throws: as ``insert(_:_:of:)``.
    static func insertAll(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction)
        throws -> [Customer]
    {
        guard !customers.isEmpty else { return [] }
        var statement = CustomerRow.insertion(of: customers, takingOver: false, in: tx)
        statement += " RETURNING version, created_at, updated_at"
        var rest = customers[...]
        let written = try tx.all(statement) { row in
            guard let (id, fields) = rest.popFirst() else { throw DatabaseError.decoding(column: "(a row too many)") }
            return try Self.written(id, fields, &row)
        }
        try CustomFieldQueries.put(customers.filter { !$0.fields.custom.isEmpty }, in: tx)
        try SearchQueries.put(customers, in: tx)
        return written
    }

    /// - Throws: as ``insert(_:_:of:)``.
    static func update(
        _ id: Customer.ID, from old: CustomerFields, to fields: CustomerFields, in tx: borrowing TenantTransaction
    )
        throws -> Customer
    {
        let customer = try tx.one(
            """
            UPDATE app.customers
            SET name = \(fields.name), name_key = \(fields.name?.searchKey), phone = \(fields.phone), email = \(fields.email),
                whatsapp_id = \(fields.whatsAppID), other_phones = \(TextArray(fields.otherPhones.map(\.e164))),
                other_emails = \(TextArray(fields.otherEmails.map(\.address))), stage = \(fields.stage.rawValue),
                tags = \(TextArray(fields.tags)), notes = \(fields.notes), address = \(fields.address), city = \(fields.city),
                state = \(fields.state), pin_code = \(fields.pinCode?.value), gstin = \(fields.gstin?.value),
                birthday = \(fields.birthday?.monthDay), birth_year = \(fields.birthday?.year),
                anniversary = \(fields.anniversary?.monthDay), anniversary_year = \(fields.anniversary?.year),
                language = \(fields.language?.rawValue), source = \(fields.source), owner_id = \(fields.owner),
                version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND deleted_at IS NULL
            RETURNING version, created_at, updated_at
            """
        ) { row in try written(id, fields, &row) }
        if old.custom != fields.custom { try CustomFieldQueries.put([(id, fields)], in: tx) }
        if old.owner != fields.owner || SearchKey(old) != SearchKey(fields) {
            try SearchQueries.put([(id, fields)], in: tx)
        }
        if old.owner != fields.owner { try SearchQueries.followOwners(of: [id], in: tx) }
        return customer
    }

    /// Writes many at once: new ones, and changed ones that the transaction has locked.
    static func put(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction) throws
    {
        guard !customers.isEmpty else { return }
        try release(customers.compactMap { $0.fields.email?.address }, of: customers.map(\.id), in: tx)
        try tx.execute(CustomerRow.insertion(of: customers, takingOver: true, in: tx))
        try CustomFieldQueries.put(customers, in: tx)
        try SearchQueries.put(customers, in: tx)
    }

    /// An address may go from one of these customers to another, whichever of the two is written first. Until then its
    /// holder is known by some name, if by nothing else.
    private static func release(_ emails: [String], of ids: [Customer.ID], in tx: borrowing TenantTransaction) throws {
        guard !emails.isEmpty else { return }
        try tx.execute(
            """
            UPDATE app.customers SET email = NULL, name = coalesce(name, '-'), name_key = coalesce(name_key, '-')
            WHERE tenant_id = \(tx.tenantID) AND email = ANY(\(TextArray(emails))) AND deleted_at IS NULL
              AND id = ANY (\(UUIDArray(ids)))
            """)
    }

    /// Writes many that are new.
    /// - Throws: as ``insert(_:_:of:)``.
    static func add(_ customers: [(id: Customer.ID, fields: CustomerFields)], in tx: borrowing TenantTransaction) throws
    {
        guard !customers.isEmpty else { return }
        try tx.execute(CustomerRow.insertion(of: customers, takingOver: false, in: tx))
        try CustomFieldQueries.put(customers.filter { !$0.fields.custom.isEmpty }, in: tx)
        try SearchQueries.put(customers, in: tx)
    }

    /// Who was added by an import and is still there.
    static func count(addedBy id: CustomerImport.ID, in tx: borrowing TenantTransaction) throws -> Int {
        try tx.one(
            """
            SELECT count(*) AS customers FROM app.customer_import_rows r
            JOIN app.customers c ON c.tenant_id = r.tenant_id AND c.id = r.customer_id AND c.deleted_at IS NULL
            WHERE r.tenant_id = \(tx.tenantID) AND r.import_id = \(id) AND r.verdict = 'created'
            """
        ) { row in try row.decode("customers") }
    }

    /// Of some customers those of whom something has been written down, or whom somebody turned out to be.
    static func knownByMore(than ids: [Customer.ID], in tx: borrowing TenantTransaction) throws -> Set<Customer.ID> {
        guard !ids.isEmpty else { return [] }
        return Set(
            try tx.all(
                """
                SELECT c.id FROM app.customers c
                WHERE c.tenant_id = \(tx.tenantID) AND c.id = ANY (\(UUIDArray(ids))) AND (
                    EXISTS (SELECT FROM app.customers m WHERE m.tenant_id = c.tenant_id AND m.merged_into = c.id)
                    OR EXISTS (SELECT FROM app.interactions i WHERE i.tenant_id = c.tenant_id AND i.customer_id = c.id)
                    OR EXISTS (SELECT FROM app.ledger_entries l WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.id)
                    OR EXISTS (SELECT FROM app.consent_events e WHERE e.tenant_id = c.tenant_id AND e.customer_id = c.id)
                    OR EXISTS (SELECT FROM app.follow_ups f WHERE f.tenant_id = c.tenant_id AND f.customer_id = c.id)
                    OR EXISTS (SELECT FROM app.deals d WHERE d.tenant_id = c.tenant_id AND d.customer_id = c.id))
                """
            ) { row in try row.decode("id") })
    }

    /// Removes customers as if they had never come.
    /// - Throws: `DatabaseError` when something refers to one of them.
    static func remove(_ ids: [Customer.ID], in tx: borrowing TenantTransaction) throws {
        guard !ids.isEmpty else { return }
        try tx.execute(
            "DELETE FROM app.customers WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids)))")
    }

    /// Puts customers into the bin, from which they can be taken back until then.
    static func delete(_ ids: [Customer.ID], eraseAfter: Instant, in tx: borrowing TenantTransaction) throws {
        guard !ids.isEmpty else { return }
        try tx.execute(
            """
            UPDATE app.customers SET deleted_at = now(), erase_after = \(eraseAfter), version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids))) AND deleted_at IS NULL
            """)
        try SearchQueries.remove(ids, in: tx)
    }

    /// The time in the bin of one who is there is over.
    static func eraseNow(_ id: Customer.ID, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            UPDATE app.customers SET erase_after = now()
            WHERE tenant_id = \(tx.tenantID) AND id = \(id) AND deleted_at IS NOT NULL AND merged_into IS NULL
            """)
    }

    /// Takes customers back from the bin.
    /// - Throws: as ``insert(_:_:of:)``.
    static func restore(_ customers: [Customer], in tx: borrowing TenantTransaction) throws {
        guard !customers.isEmpty else { return }
        let ids = customers.map(\.id)
        try tx.execute(
            """
            UPDATE app.customers SET deleted_at = NULL, erase_after = NULL, version = version + 1, updated_at = now()
            WHERE tenant_id = \(tx.tenantID) AND id = ANY (\(UUIDArray(ids)))
              AND deleted_at IS NOT NULL AND merged_into IS NULL
            """)
        try SearchQueries.put(customers.map { ($0.id, $0.fields) }, in: tx)
    }

    /// The bin, whoever was deleted last first.
    /// - Parameter before: only those deleted before this one.
    static func deleted(
        before: (at: Instant, id: Customer.ID)?, limit: Int, of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<[Customer]> {
        var statement: Statement = """
            SELECT \(CustomerRow.columns) FROM app.customers
            WHERE tenant_id = \(tenant) AND deleted_at IS NOT NULL AND merged_into IS NULL AND erase_after > now() AND \(isVisible(to: user))
            """
        if let before { statement += " AND (deleted_at, id) < (\(before.at), \(before.id))" }
        statement += " ORDER BY deleted_at DESC, id DESC LIMIT \(limit)"
        return .all(statement, CustomerRow.customer)
    }

    /// Who has a number, an address or a WhatsApp id, for the error that says so.
    /// - Parameter visibleTo: as for ``find(_:of:visibleTo:)``.
    static func holder(
        phone: PhoneNumber?, email: EmailAddress?, whatsAppID: String?, of tenant: TenantID, visibleTo user: UserID?
    ) -> Query<Customer.ID?> {
        .first(
            """
            SELECT id FROM app.customers
            WHERE tenant_id = \(tenant) AND deleted_at IS NULL
              AND (phone = \(phone) OR email = \(email) OR whatsapp_id IS NOT NULL AND whatsapp_id = \(whatsAppID))
              AND \(isVisible(to: user)) LIMIT 1
            """
        ) { row in try row.decode("id") }
    }

    /// Whether somebody works in the business.
    static func isMember(_ user: UserID, in tx: borrowing TenantTransaction) throws -> Bool {
        try tx.run(members(among: [user], of: tx.tenantID)) == [user]
    }

    /// Those of some people who work in the business.
    static func members(among users: [UserID], of tenant: TenantID) -> Query<[UserID]> {
        .all(
            """
            SELECT user_id FROM app.memberships
            WHERE tenant_id = \(tenant) AND user_id = ANY (\(UUIDArray(users))) AND ended_at IS NULL
            """
        ) { row in try row.decode("user_id") }
    }
}
