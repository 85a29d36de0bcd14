// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The segments of a business: whom it means, by name.
package struct SegmentService: Sendable {
    let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// By their names.
    package func all(for caller: Caller) async throws -> [Segment] {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let fields = try tx.run(CustomFieldQueries.all(of: tx.tenantID))
            return try tx.run(SegmentQueries.all(of: tx.tenantID)).map { $0.segment(fields) }
        }
    }

    /// - Throws: `SegmentError.unknown`.
    package func find(_ id: Segment.ID, for caller: Caller) async throws -> Segment {
        try await find(id, of: caller.tenantID)
    }

    func find(_ id: Segment.ID, of tenant: TenantID) async throws -> Segment {
        try await database.withTenant(tenant, .read) { (tx: borrowing TenantTransaction) in
            guard let stored = try tx.run(SegmentQueries.find(id, of: tx.tenantID)) else { throw SegmentError.unknown }
            return stored.segment(try tx.run(CustomFieldQueries.all(of: tx.tenantID)))
        }
    }

    /// - Parameter around: is given what adds it, to be called once at most, in the same transaction.
    /// - Throws: `SegmentError.nameTaken`, `.tooMany`, what `around` throws; then nothing is added.
    package func create<Output: Sendable>(
        _ name: String, _ filter: SegmentFilter, for caller: Caller,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Segment) throws -> Output
    ) async throws -> Output {
        try await namingIt {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    try TenantQueries.lock(in: tx)
                    guard try SegmentQueries.count(in: tx) < Segment.maximumPerBusiness else {
                        throw SegmentError.tooMany
                    }
                    let stored = try SegmentQueries.insert(.next(), name, filter.definition, in: tx)
                    return stored.segment(try tx.run(CustomFieldQueries.all(of: tx.tenantID)))
                }
            }
        }
    }

    /// - Throws: `SegmentError.unknown`, `.changed`, `.nameTaken`, what `change` throws.
    package func update(
        _ id: Segment.ID, version: Int?, for caller: Caller,
        _ change: @Sendable @escaping (Segment) throws -> Segment
    ) async throws -> Segment {
        try await namingIt {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                guard let stored = try SegmentQueries.lock(id, in: tx) else { throw SegmentError.unknown }
                guard version == nil || version == stored.version else { throw SegmentError.changed }
                let fields = try tx.run(CustomFieldQueries.all(of: tx.tenantID))
                let segment = stored.segment(fields), changed = try change(segment)
                guard changed.name != segment.name || changed.filter.definition != segment.filter.definition else {
                    return segment
                }
                return try SegmentQueries.update(id, changed.name, changed.filter.definition, in: tx).segment(fields)
            }
        }
    }

    /// Its customers stay as they are.
    /// - Throws: `SegmentError.unknown`.
    package func remove(_ id: Segment.ID, for caller: Caller) async throws {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard try SegmentQueries.delete(id, in: tx) else { throw SegmentError.unknown }
        }
    }

    private func namingIt<Output>(_ write: () async throws -> Output) async throws -> Output {
        do { return try await write() } catch let error as DatabaseError where error.violates("segments_name") {
            throw SegmentError.nameTaken
        }
    }
}
