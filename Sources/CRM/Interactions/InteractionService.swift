// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// The timelines: of each customer, and of the business with all of them.
package struct InteractionService: Sendable {
    let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    // MARK: - Writing down

    /// - Parameter around: is given what writes it down, to be called once at most, in the same transaction.
    /// - Throws: `CustomerError.unknown`, `InteractionError.sumTooLarge`, what `around` throws; then nothing is written down.
    package func log<Output: Sendable>(
        _ content: InteractionContent, with id: Customer.ID, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Interaction) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await checkingSums {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    let found = try InteractionQueries.lockCustomers([id], visibleTo: visibleTo, in: tx)
                    guard let customer = found[id] else { throw CustomerError.unknown }
                    let interaction = Interaction(content, with: customer, by: caller.auditActor)
                    try Self.write([interaction], in: tx)
                    return interaction
                }
            }
        }
    }

    /// Writes down many in one transaction.
    /// - Parameters:
    ///   - allOrNothing: whether nothing is written down when a customer is not there.
    ///   - around: as for ``log(_:with:for:around:)``. The outcomes stand in the order of `many`; nil for a customer who is not there.
    /// - Throws: `InteractionsRefused`, `InteractionError.sumTooLarge`, what `around` throws; then nothing is written down.
    package func logAll<Output: Sendable>(
        _ many: [(customer: Customer.ID, content: InteractionContent)], allOrNothing: Bool, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> [Interaction?]) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await checkingSums {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    let customers = try InteractionQueries.lockCustomers(
                        Set(many.map(\.customer)), visibleTo: visibleTo, in: tx)
                    let interactions = many.map { id, content in
                        customers[id].map { Interaction(content, with: $0, by: caller.auditActor) }
                    }
                    let unknown = interactions.indices.filter { interactions[$0] == nil }
                    guard !allOrNothing || unknown.isEmpty else { throw InteractionsRefused(places: unknown) }
                    try Self.write(interactions.compactMap { $0 }, in: tx)
                    return interactions
                }
            }
        }
    }

    private static func write(_ interactions: [Interaction], in tx: borrowing TenantTransaction) throws {
        try InteractionQueries.insert(interactions, in: tx)
        try CustomerActivityQueries.add(interactions.map { ($0.writtenWith, $0.content) }, in: tx)
    }

    func checkingSums<Output>(_ write: () async throws -> Output) async throws -> Output {
        do {
            return try await write()
        } catch let error as DatabaseError where error.violates("customer_activity_spent") {
            throw InteractionError.sumTooLarge
        }
    }

    // MARK: - Reading

    /// - Throws: `InteractionError.unknown`.
    package func find(_ id: Interaction.ID, for caller: Caller) async throws -> InteractionDetails {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let found = try tx.run(InteractionQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let found else { throw InteractionError.unknown }
            return try InteractionQueries.details(of: found, in: tx)
        }
    }

    /// One customer's timeline, the newest first: what stands of it.
    /// - Parameter before: only what stands behind this.
    /// - Returns: up to one more than `limit`, which says that there is more.
    /// - Throws: `CustomerError.unknown`.
    package func page(
        of id: Customer.ID, _ filter: InteractionFilter, before: InteractionPosition?, limit: Int, for caller: Caller
    ) async throws -> [Interaction] {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let customer = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let customer else { throw CustomerError.unknown }
            return try tx.run(
                InteractionQueries.page(
                    with: "s.id = \(customer.id)", filter, before: before, limit: limit + 1, of: tx.tenantID))
        }
    }

    /// The timeline of the business, or of whoever sees their own customers alone.
    /// - Parameter withCustomers: whether customers are told along.
    /// - Returns: as for ``page(of:_:before:limit:for:)``.
    package func page(
        _ filter: InteractionFilter, before: InteractionPosition?, limit: Int, withCustomers: Bool, for caller: Caller
    ) async throws -> (interactions: [Interaction], customers: [Customer.ID: Customer]) {
        let tenant = caller.tenantID, limit = limit + 1
        let query =
            caller.seesCustomersOf.map {
                InteractionQueries.page(with: "s.owner_id = \($0)", filter, before: before, limit: limit, of: tenant)
            } ?? InteractionQueries.page(filter, before: before, limit: limit, of: tenant)
        guard withCustomers else {
            let found = try await database.browse(query.limited(to: Self.longestList), in: .tenant(tenant))
            return (found, [:])
        }
        return try await database.withTenant(tenant, .read, timeout: Self.longestList) {
            (tx: borrowing TenantTransaction) in
            let found = try tx.run(query)
            let customers = try CustomerQueries.find(Array(Set(found.map(\.customer))), in: tx)
            return (found, Dictionary(uniqueKeysWithValues: customers.map { ($0.id, $0) }))
        }
    }

    /// What is rare among very many is looked for row by row.
    private static let longestList = Duration.seconds(3)

    /// What the timelines of some customers, whom the caller has found, add up to. Whoever has none yet is left out.
    package func activity(of customers: [Customer.ID], for caller: Caller) async throws -> [CustomerActivity] {
        try await database.browse(
            CustomerActivityQueries.activity(of: customers, caller.tenantID), in: .tenant(caller.tenantID))
    }
}

extension Interaction {
    fileprivate init(_ content: InteractionContent, with customer: Customer.ID, by actor: AuditEvent.Actor) {
        let id = ID.next()
        self.init(
            id: id, customer: customer, content: content, actor: actor.kind, actorID: actor.id, corrects: nil,
            writtenWith: customer, first: id, version: 1)
    }
}
