// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The customer book: one person at a time.
package struct CustomerService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// One page, as rows: a list has no use for a ``Customer`` of each. One round trip to the database.
    /// - Parameters:
    ///   - limit: 1 to 100.
    ///   - read: gets up to one row more than `limit`, which says that there is more. Columns are those of ``Customer``.
    package func page<Output: Sendable>(
        _ filter: CustomerFilter, by order: CustomerOrder = .createdAt, isDescending: Bool = true,
        after: CustomerPosition?, limit: Int, for caller: Caller,
        _ read: @escaping @Sendable (borrowing Rows) throws -> Output
    ) async throws -> Output {
        var filter = filter
        filter.visibleTo = caller.seesCustomersOf
        return try await database.browse(
            CustomerQueries.page(
                filter, order, isDescending: isDescending, after: after, limit: limit + 1, of: caller.tenantID, read),
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
        guard fields.owner == nil, caller.seesCustomersOf == nil else {
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
                    let fields = try Self.withOwners([fields], visibleTo, in: tx)[0].get()
                    return try tx.run(CustomerQueries.insert(.next(), fields, of: tx.tenantID))
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
            } catch let error as DatabaseError
                where error.violates("customers_phone") || error.violates("customers_email")
            {
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
        var phones: [String: Customer.ID?] = [:], emails: [String: Customer.ID?] = [:]
        let wanted = many.compactMap { try? $0.get() }
        let others = try CustomerQueries.lock(
            phones: wanted.compactMap { $0.phone?.e164 }, emails: wanted.compactMap { $0.email?.address }, in: tx)
        for other in others {
            let id = visibleTo == nil || other.owner == visibleTo ? other.id : nil
            if let phone = other.phone { phones.updateValue(id, forKey: phone.e164) }
            if let email = other.email { emails.updateValue(id, forKey: email.address) }
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
            if let holder = fields.phone.flatMap({ phones[$0.e164] }) {
                ids.append(.failure(.phoneTaken(by: holder)))
            } else if let holder = fields.email.flatMap({ emails[$0.address] }) {
                ids.append(.failure(.emailTaken(by: holder)))
            } else {
                let id = Customer.ID.next()
                if let phone = fields.phone { phones[phone.e164] = id }
                if let email = fields.email { emails[email.address] = id }
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
                let fields = try change(CustomerFields(customer))
                if fields.owner != customer.owner, let owner = fields.owner {
                    guard visibleTo == nil || owner == visibleTo else { throw CustomerError.ownerFixed }
                    guard try tx.run(CustomerQueries.members(among: [owner], of: tx.tenantID)) == [owner] else {
                        throw CustomerError.ownerUnknown
                    }
                }
                guard visibleTo == nil || fields.owner == visibleTo else { throw CustomerError.ownerFixed }
                attempted.with { $0 = fields }
                return fields == CustomerFields(customer) ? customer : try CustomerQueries.update(id, fields, in: tx)
            }
        }
    }

    /// - Throws: `CustomerError.unknown`, `.changed`.
    package func delete(_ id: Customer.ID, version: Int?, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let customer = try CustomerQueries.lock(id, visibleTo: visibleTo, in: tx) else {
                throw CustomerError.unknown
            }
            guard version == nil || version == customer.version else { throw CustomerError.changed }
            try CustomerQueries.delete(id, in: tx)
        }
    }

    /// The whole customer book as a file.
    /// - Throws: `DatabaseError`, before anything has been made.
    package func export(for caller: Caller) async throws -> CustomerExport {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try AuditLog.record(.customersExported, by: caller.auditActor, in: tx)
        }
        return try await CustomerExport(of: caller.tenantID, from: database)
    }

    /// Turns a violated uniqueness into an error that names the customer who has the number or address already.
    private func namingHolder<Output>(
        of fields: @autoclosure () -> CustomerFields, for caller: Caller, _ write: () async throws -> Output
    ) async throws -> Output {
        do {
            return try await write()
        } catch let error as DatabaseError where error.violates("customers_phone") {
            throw CustomerError.phoneTaken(by: try await holder(phone: fields().phone, email: nil, for: caller))
        } catch let error as DatabaseError where error.violates("customers_email") {
            throw CustomerError.emailTaken(by: try await holder(phone: nil, email: fields().email, for: caller))
        }
    }

    private func holder(phone: PhoneNumber?, email: EmailAddress?, for caller: Caller) async throws -> Customer.ID? {
        try await database.read(
            CustomerQueries.holder(
                phone: phone, email: email, of: caller.tenantID, visibleTo: caller.seesCustomersOf),
            in: .tenant(caller.tenantID))
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
