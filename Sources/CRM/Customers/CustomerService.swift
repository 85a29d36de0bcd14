// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The customer book: one person at a time.
package struct CustomerService: Sendable {
    let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// One page, as rows: a list has no use for a ``Customer`` of each. One round trip to the database.
    /// - Parameters:
    ///   - limit: 1 to 100.
    ///   - isDetailed: whether rows have all that is known, as ``CustomerRow/customer(_:)`` reads it.
    ///   - read: gets up to one row more than `limit`, which says that there is more. Columns are those of ``Customer``.
    package func page<Output: Sendable>(
        _ filter: CustomerFilter, by order: CustomerOrder = .createdAt, isDescending: Bool = true,
        after: CustomerPosition?, limit: Int, isDetailed: Bool = false, for caller: Caller,
        _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) async throws -> Output {
        var filter = filter
        filter.visibleTo = caller.seesCustomersOf
        return try await database.browse(
            CustomerQueries.page(
                filter, order, isDescending: isDescending, after: after, limit: limit + 1, isDetailed: isDetailed,
                of: caller.tenantID, read),
            in: .tenant(caller.tenantID))
    }

    /// Whoever the search box means, the best first.
    /// - Parameters:
    ///   - limit: 1 to 100.
    ///   - read: gets up to `limit` rows, with columns as for ``page(_:by:isDescending:after:limit:isDetailed:for:_:)``.
    package func search<Output: Sendable>(
        _ search: SearchQuery, limit: Int, for caller: Caller,
        _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) async throws -> Output {
        try await database.browse(
            SearchQueries.find(search, limit: limit, of: caller.tenantID, visibleTo: caller.seesCustomersOf, read),
            in: .tenant(caller.tenantID))
    }

    /// - Throws: `CustomerError.unknown`.
    package func find(_ id: Customer.ID, for caller: Caller) async throws -> Customer {
        let found = try await database.browse(
            CustomerQueries.find(id, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
        guard let found else { throw CustomerError.unknown }
        return found
    }

    /// - Throws: `CustomerError.phoneTaken`, `.emailTaken`, `.ownerUnknown`, `.ownerFixed`.
    package func create(_ fields: CustomerFields, for caller: Caller) async throws -> Customer {
        guard fields.owner == nil, fields.custom.isEmpty, caller.seesCustomersOf == nil else {
            return try await create(fields, for: caller) { tx, add in try add(tx) }
        }
        return try await namingHolder(of: fields, for: caller) {
            try await database.write(
                CustomerQueries.insert(.next(), fields, of: caller.tenantID), in: .tenant(caller.tenantID))
        }
    }

    /// The same, in a transaction to which the caller adds something of its own.
    /// - Parameter around: is given what adds the customer, to be called once at most.
    /// - Throws: as ``create(_:for:)``, and what `around` throws; then nothing is added.
    package func create<Output: Sendable>(
        _ fields: CustomerFields, for caller: Caller,
        around:
            @escaping @Sendable (
                borrowing TenantTransaction, (borrowing TenantTransaction) throws -> Customer
            ) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await namingHolder(of: fields, for: caller) {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) { tx in
                    let fields = try Self.withOwners([fields], visibleTo, in: tx)[0].get(), id = Customer.ID.next()
                    let customer = try tx.run(CustomerQueries.insert(id, fields, of: tx.tenantID))
                    if !fields.custom.isEmpty { try CustomFieldQueries.put([(id, fields)], in: tx) }
                    return customer
                }
            }
        }
    }

    /// What became of one of several.
    package enum Outcome: Sendable {
        case created(Customer)
        case refused(CustomerError)
    }

    /// Adds many in one transaction. Of several with the same number or address the first is added.
    /// - Parameters:
    ///   - allOrNothing: whether nothing is added when something is refused.
    ///   - around: is given what adds them, to be called once at most, in the same transaction. The outcomes stand in the order of
    ///     `many`.
    /// - Throws: `CustomersRefused`, and what `around` throws; then nothing is added.
    package func createAll<Output: Sendable>(
        _ many: [CustomerFields], allOrNothing: Bool, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> [Outcome]) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        var attempt = 1
        while true {
            do {
                return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                    try around(tx) { try Self.createAll(many, allOrNothing: allOrNothing, visibleTo, in: tx) }
                }
            } catch let error as DatabaseError where error.takenIdentifier != nil {
                // Somebody has added one of them at this moment: now it is seen.
                guard attempt < 5 else { throw DatabaseError.busy }
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...20 * attempt)))
                attempt += 1
            }
        }
    }

    private static func createAll(
        _ many: [CustomerFields], allOrNothing: Bool, _ visibleTo: UserID?, in tx: borrowing TenantTransaction
    ) throws -> [Outcome] {
        let many = try withOwners(many, visibleTo, in: tx)
        // Somebody else's customer is not named.
        var holders = IdentifierHolders(), isHidden: Set<Customer.ID> = []
        let others = try CustomerQueries.lock(sharingIdentifiersWith: many.compactMap { try? $0.get() }, in: tx)
        for other in others {
            holders.note(other.id, other.fields)
            if visibleTo != nil, other.fields.owner != visibleTo { isHidden.insert(other.id) }
        }
        var added: [(id: Customer.ID, fields: CustomerFields)] = [], ids: [Result<Customer.ID, CustomerError>] = []
        for entry in many {
            let fields: CustomerFields
            switch entry {
            case .success(let valid): fields = valid
            case .failure(let error):
                ids.append(.failure(error))
                continue
            }
            if let (taken, holder) = holders.holder(of: fields) {
                ids.append(.failure(CustomerError(taken, by: isHidden.contains(holder) ? nil : holder)))
            } else {
                let id = Customer.ID.next()
                holders.note(id, fields)
                added.append((id, fields))
                ids.append(.success(id))
            }
        }
        guard !allOrNothing || added.count == many.count else {
            throw CustomersRefused(
                errors: ids.enumerated().compactMap { index, id in
                    if case .failure(let error) = id { (index, error) } else { nil }
                })
        }
        let customers = Dictionary(
            uniqueKeysWithValues: try CustomerQueries.insertAll(added, in: tx).map { ($0.id, $0) })
        return try ids.map { id in
            switch id {
            case .success(let id):
                guard let customer = customers[id] else { throw DatabaseError.decoding(column: "id") }
                return .created(customer)
            case .failure(let error): return .refused(error)
            }
        }
    }

    /// Changes a customer if nobody else has since `version`.
    /// - Parameters:
    ///   - version: nil to change whatever is there.
    ///   - change: applied to the fields as they are; throws when they cannot become what it wants.
    /// - Throws: `CustomerError`, and what `change` throws.
    package func update(
        _ id: Customer.ID, version: Int?, for caller: Caller,
        _ change: @Sendable @escaping (CustomerFields) throws -> CustomerFields
    ) async throws -> Customer {
        let attempted = Lock(CustomerFields()), visibleTo = caller.seesCustomersOf
        return try await namingHolder(of: attempted.with { $0 }, for: caller) {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                guard let customer = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                    throw CustomerError.unknown
                }
                guard version == nil || version == customer.version else { throw CustomerError.changed }
                let fields = try change(customer.fields)
                let errors = try Self.checkOwners(of: [(customer, fields)], visibleTo, in: tx)
                if let error = errors.compactMap({ $0 }).first { throw error }
                attempted.with { $0 = fields }
                let edits = fields.edits(from: customer.fields)
                guard !edits.isEmpty else { return customer }
                try HistoryQueries.insert(.updated, [(customer.id, edits)], by: caller.auditActor, in: tx)
                return try CustomerQueries.update(customer.id, from: customer.fields, to: fields, in: tx)
            }
        }
    }

    /// Whoever is to look after a customer works here, and who sees their own alone gives nobody away.
    /// - Returns: why not, in the order of the changes; nil where nothing is wrong.
    static func checkOwners(
        of changes: [(customer: Customer, fields: CustomerFields)], _ visibleTo: UserID?,
        in tx: borrowing TenantTransaction
    ) throws -> [CustomerError?] {
        let new = Set(changes.compactMap { $0.fields.owner == $0.customer.fields.owner ? nil : $0.fields.owner })
        let members = new.isEmpty ? [] : Set(try tx.run(CustomerQueries.members(among: Array(new), of: tx.tenantID)))
        return changes.map { customer, fields in
            if let visibleTo, fields.owner != visibleTo { return .ownerFixed }
            guard let owner = fields.owner, owner != customer.fields.owner, !members.contains(owner) else { return nil }
            return .ownerUnknown
        }
    }

    // MARK: - The bin

    /// How long a deleted customer can be taken back.
    package static let timeInBin = Duration.seconds(30 * 86_400)

    /// Puts a customer into the bin: they can be restored for ``timeInBin``, then all that is kept about them is erased.
    /// - Throws: `CustomerError.unknown`, `.changed`.
    package func delete(_ id: Customer.ID, version: Int?, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let customer = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                throw CustomerError.unknown
            }
            guard version == nil || version == customer.version else { throw CustomerError.changed }
            try CustomerQueries.delete([customer.id], eraseAfter: .now().advanced(by: Self.timeInBin), in: tx)
            try HistoryQueries.insert(.deleted, [(customer.id, [])], by: caller.auditActor, in: tx)
        }
    }

    /// - Parameter before: only those deleted before this one.
    /// - Returns: up to one more than `limit`, which says that there is more; whoever was deleted last first.
    package func deleted(before: (at: Instant, id: Customer.ID)?, limit: Int, for caller: Caller) async throws
        -> [Customer]
    {
        try await database.browse(
            CustomerQueries.deleted(
                before: before, limit: limit + 1, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
    }

    /// Takes a customer back from the bin.
    /// - Throws: `CustomerError.unknown`, `.notDeleted`; `.phoneTaken` and the like when another has become them meanwhile.
    package func restore(_ id: Customer.ID, for caller: Caller) async throws -> Customer {
        let visibleTo = caller.seesCustomersOf, restored = Lock(CustomerFields())
        return try await namingHolder(of: restored.with { $0 }, for: caller) {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                let id = try CustomerQueries.survivors(of: [id], in: tx)[id] ?? id
                let deleted = try CustomerQueries.lock([id], areDeleted: true, visibleTo: visibleTo, in: tx).first
                guard let deleted else {
                    let isThere = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) != nil
                    throw isThere ? CustomerError.notDeleted : .unknown
                }
                restored.with { $0 = deleted.fields }
                try CustomerQueries.restore([deleted], in: tx)
                try HistoryQueries.insert(.restored, [(id, [])], by: caller.auditActor, in: tx)
                guard let customer = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                    throw CustomerError.unknown
                }
                return customer
            }
        }
    }

    /// Has a customer, deleted or not, erased with the next round of `unnati privacy due`: nobody sees them from now on.
    /// - Throws: `CustomerError.unknown`.
    package func erase(_ id: Customer.ID, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            let known = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx)
            let id = try known?.id ?? CustomerQueries.survivors(of: [id], in: tx)[id] ?? id
            if known == nil,
                try CustomerQueries.lock([id], areDeleted: true, visibleTo: visibleTo, in: tx).isEmpty
            {
                throw CustomerError.unknown
            }
            try CustomerQueries.delete([id], eraseAfter: .now(), in: tx)
            try CustomerQueries.eraseNow(id, in: tx)
            try AuditLog.record(.customerErased, by: caller.auditActor, id, in: tx)
        }
    }

    // MARK: - What was done to them

    /// - Parameter before: only what was done before this.
    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    /// - Throws: `CustomerError.unknown`.
    package func history(
        of id: Customer.ID, before: CustomerHistoryEntry.ID?, limit: Int, for caller: Caller
    ) async throws -> [CustomerHistoryEntry] {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let customer = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let customer else { throw CustomerError.unknown }
            return try tx.run(HistoryQueries.page(of: customer.id, before: before, limit: limit + 1, tx.tenantID))
        }
    }

    /// The whole customer book as a file.
    /// - Throws: `DatabaseError`, before anything has been made.
    package func export(as format: ExportFormat, for caller: Caller) async throws -> CustomerExport {
        let fields = try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try AuditLog.record(.customersExported, by: caller.auditActor, detail: format.name, in: tx)
            return try tx.run(CustomFieldQueries.all(of: tx.tenantID))
        }
        return try await CustomerExport(
            format.file(fields), of: caller.tenantID, visibleTo: caller.seesCustomersOf, from: database)
    }

    /// Turns a violated uniqueness into an error that names the customer who has the number or address already.
    private func namingHolder<Output>(
        of fields: @autoclosure () -> CustomerFields, for caller: Caller, _ write: () async throws -> Output
    ) async throws -> Output {
        do {
            return try await write()
        } catch let error as DatabaseError {
            guard let taken = error.takenIdentifier else { throw error }
            let fields = fields()
            let holder = try await database.read(
                CustomerQueries.holder(
                    phone: taken == .phone ? fields.phone : nil, email: taken == .email ? fields.email : nil,
                    whatsAppID: taken == .whatsAppID ? fields.whatsAppID : nil, of: caller.tenantID,
                    visibleTo: caller.seesCustomersOf),
                in: .tenant(caller.tenantID))
            throw CustomerError(taken, by: holder)
        }
    }

    // MARK: - Who looks after them

    /// Customers whom somebody adds that sees their own alone are theirs. Whoever is to look after one works in the business.
    private static func withOwners(
        _ many: [CustomerFields], _ visibleTo: UserID?, in tx: borrowing TenantTransaction
    ) throws -> [Result<CustomerFields, CustomerError>] {
        if let visibleTo {
            return many.map { fields in
                var fields = fields
                guard fields.owner == nil || fields.owner == visibleTo else { return .failure(.ownerFixed) }
                fields.owner = visibleTo
                return .success(fields)
            }
        }
        let owners = Set(many.compactMap(\.owner))
        guard !owners.isEmpty else { return many.map { .success($0) } }
        let members = try tx.run(CustomerQueries.members(among: Array(owners), of: tx.tenantID))
        return many.map { fields in
            fields.owner.map { members.contains($0) } ?? true ? .success(fields) : .failure(.ownerUnknown)
        }
    }
}
