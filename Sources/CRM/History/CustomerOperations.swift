// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Changing and deleting several customers at once, and undoing that.
package struct CustomerOperations: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// What was done, and to whom it was not.
    package struct Outcome: Sendable {
        package let operation: CustomerOperation
        /// Of those that were named: who is not there, or not to be seen.
        package let unknown: [Customer.ID]
    }

    /// Changes up to 500 customers in one transaction: all of those that are there, or none.
    /// - Parameters:
    ///   - change: applied to each one's fields as they are.
    ///   - around: is given what does it, to be called once at most, in the same transaction.
    /// - Throws: `CustomersRefused` with each customer's place among `ids` when one cannot be what is wanted, and what `change` and
    ///   `around` throw; then nothing is changed.
    package func update<Output: Sendable>(
        _ ids: [Customer.ID], for caller: Caller,
        _ change: @Sendable @escaping (CustomerFields) throws -> CustomerFields,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Outcome) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let (customers, asked) = try CustomerQueries.lock(named: ids, visibleTo: visibleTo, in: tx)
                let wanted = try customers.map { (customer: $0, fields: try change($0.fields)) }
                let errors = try CustomerService.checkOwners(of: wanted, visibleTo, in: tx)
                let refused = zip(customers, errors).compactMap { customer, error in
                    error.map { (index: ids.firstIndex { asked[$0] == customer.id } ?? 0, error: $0) }
                }
                guard refused.isEmpty else { throw CustomersRefused(errors: refused) }
                let changes = try Self.put(wanted, in: tx)
                return try Self.note(.update, .updated, changes, ids, asked, customers, caller, in: tx)
            }
        }
    }

    /// Puts up to 500 customers into the bin.
    /// - Parameter around: as for ``update(_:for:_:around:)``.
    package func delete<Output: Sendable>(
        _ ids: [Customer.ID], for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Outcome) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            try around(tx) {
                let (customers, asked) = try CustomerQueries.lock(named: ids, visibleTo: visibleTo, in: tx)
                try CustomerQueries.delete(
                    customers.map(\.id), eraseAfter: .now().advanced(by: CustomerService.timeInBin), in: tx)
                return try Self.note(
                    .delete, .deleted, customers.map { ($0.id, []) }, ids, asked, customers, caller, in: tx)
            }
        }
    }

    /// Writes what has changed.
    private static func put(
        _ wanted: [(customer: Customer, fields: CustomerFields)], in tx: borrowing TenantTransaction
    ) throws -> [HistoryQueries.Change] {
        let changed = wanted.filter { $0.fields != $0.customer.fields }
        try CustomerQueries.put(changed.map { ($0.customer.id, $0.fields) }, in: tx)
        try SearchQueries.followOwners(
            of: changed.filter { $0.fields.owner != $0.customer.fields.owner }.map(\.customer.id), in: tx)
        return changed.map { ($0.customer.id, $0.fields.edits(from: $0.customer.fields)) }
    }

    private static func note(
        _ kind: CustomerOperation.Kind, _ entries: CustomerHistoryEntry.Kind, _ changes: [HistoryQueries.Change],
        _ ids: [Customer.ID], _ survivors: [Customer.ID: Customer.ID], _ found: [Customer], _ caller: Caller,
        in tx: borrowing TenantTransaction
    ) throws -> Outcome {
        let operation = try HistoryQueries.insert(
            .next(), kind, customers: changes.count, by: caller.auditActor, in: tx)
        try HistoryQueries.insert(entries, changes, by: caller.auditActor, operation: operation.id, in: tx)
        try AuditLog.record(
            kind == .delete ? .customersDeleted : .customersChanged, by: caller.auditActor, operation.id,
            detail: "\(changes.count)", in: tx)
        let known = Set(found.map(\.id))
        return Outcome(
            operation: operation, unknown: ids.filter { id in survivors[id].map { !known.contains($0) } ?? true })
    }

    // MARK: - Reading and undoing

    /// - Returns: up to one more than `limit`, which says that there is more; the newest first.
    package func page(before: CustomerOperation.ID?, limit: Int, for caller: Caller) async throws -> [CustomerOperation]
    {
        try await database.browse(
            HistoryQueries.operations(before: before, limit: limit + 1, of: caller.tenantID),
            in: .tenant(caller.tenantID))
    }

    /// - Throws: `CustomerOperationError.unknown`.
    package func find(_ id: CustomerOperation.ID, for caller: Caller) async throws -> CustomerOperation {
        let found = try await database.browse(
            HistoryQueries.operation(id, of: caller.tenantID), in: .tenant(caller.tenantID))
        guard let found else { throw CustomerOperationError.unknown }
        return found
    }

    /// Takes all of it back, but for what has been changed again since: a later change of the same field stays, and so does whoever
    /// has got a number that is another's by now.
    /// - Returns: it, with how many customers are as they were before.
    /// - Throws: `CustomerOperationError`.
    package func undo(_ id: CustomerOperation.ID, for caller: Caller) async throws -> CustomerOperation {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let operation = try HistoryQueries.lock(id, in: tx) else { throw CustomerOperationError.unknown }
            guard operation.undoing == nil else { throw CustomerOperationError.undoneAlready }
            guard operation.createdAt.advanced(by: CustomerService.timeInBin) > .now() else {
                throw CustomerOperationError.tooOld
            }
            // As many as there may be of one; an import has its own way back, which takes its time.
            guard operation.kind != .import else { throw CustomerOperationError.isImport }
            let changes = try HistoryQueries.changes(of: id, limit: 500, in: tx)
            let restored =
                operation.kind == .delete
                ? try Self.restore(changes, of: id, visibleTo, caller.auditActor, in: tx)
                : try Self.takeBack(changes, visibleTo, caller.auditActor, in: tx).restored
            try AuditLog.record(.customersRestored, by: caller.auditActor, id, detail: "\(restored)", in: tx)
            return try HistoryQueries.markUndone(id, restored: restored, in: tx)
        }
    }

    private static func restore(
        _ changes: [HistoryQueries.Change], of id: CustomerOperation.ID, _ visibleTo: UserID?,
        _ actor: AuditEvent.Actor, in tx: borrowing TenantTransaction
    ) throws -> Int {
        let inBin = try CustomerQueries.lock(
            changes.map(\.customer), areDeleted: true, visibleTo: visibleTo, in: tx)
        // Who was taken back since and deleted again stays so.
        let last = try HistoryQueries.lastOperations(of: inBin.map(\.id), in: tx)
        let customers = inBin.filter { last[$0.id] == id }
        var holders = try holders(of: customers.map(\.fields), in: tx), free: [Customer] = []
        for customer in customers where holders.holder(of: customer.fields) == nil {
            holders.note(customer.id, customer.fields)
            free.append(customer)
        }
        try CustomerQueries.restore(free, in: tx)
        try HistoryQueries.insert(.restored, free.map { ($0.id, []) }, by: actor, in: tx)
        return free.count
    }

    /// How many customers became what they were before, and how many did not.
    typealias TakenBack = (restored: Int, kept: Int)

    /// Takes back what one operation has changed of some customers.
    static func takeBack(
        _ id: CustomerOperation.ID, of customers: [Customer.ID], in tx: borrowing TenantTransaction
    ) throws -> TakenBack {
        try takeBack(HistoryQueries.changes(of: id, of: customers, in: tx), nil, .system, in: tx)
    }

    private static func takeBack(
        _ changes: [HistoryQueries.Change], _ visibleTo: UserID?, _ actor: AuditEvent.Actor,
        in tx: borrowing TenantTransaction
    ) throws -> TakenBack {
        // Of one who was changed twice the first edits come last.
        var edits: [Customer.ID: [CustomerHistoryEntry.Edit]] = [:]
        for change in changes.reversed() { edits[change.customer, default: []] += change.edits }
        let customers = try CustomerQueries.lock(
            Array(edits.keys), areDeleted: false, visibleTo: visibleTo, in: tx)
        let wanted = customers.map { customer in
            var fields = customer.fields
            let isWhole = fields.takeBack(edits[customer.id] ?? [])
            return (change: (customer: customer, fields: fields), isWhole: isWhole)
        }
        let holders = try holders(of: wanted.map(\.change.fields), in: tx)
        let free = wanted.filter { change, _ in
            change.fields != change.customer.fields && change.fields.isKnownBySomething
                && holders.holder(of: change.fields, except: change.customer.id) == nil
        }
        try HistoryQueries.insert(.updated, put(free.map(\.change), in: tx), by: actor, in: tx)
        let restored = free.count { $0.isWhole }
        return (restored, customers.count - restored)
    }

    private static func holders(of many: [CustomerFields], in tx: borrowing TenantTransaction) throws
        -> IdentifierHolders
    {
        var holders = IdentifierHolders()
        for other in try CustomerQueries.lock(sharingIdentifiersWith: many, in: tx) {
            holders.note(other.id, other.fields)
        }
        return holders
    }
}
