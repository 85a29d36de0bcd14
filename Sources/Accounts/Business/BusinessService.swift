// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// What a business says of itself.
package struct BusinessService: Sendable {
    private let database: ConnectionPool

    private let revocations: SessionRevocations

    init(database: ConnectionPool, revocations: SessionRevocations) {
        self.database = database
        self.revocations = revocations
    }

    package func find(for caller: Caller) async throws -> Business {
        try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            try BusinessQueries.find(in: tx)
        }
    }

    /// Changes it if nobody else has since `version`.
    /// - Parameters:
    ///   - version: nil to change whatever is there.
    ///   - change: applied to the fields as they are; throws when they cannot become what it wants.
    /// - Throws: `BusinessError.changed`, and what `change` throws.
    package func update(
        version: Int?, for caller: Caller, _ change: @Sendable @escaping (BusinessFields) throws -> BusinessFields
    ) async throws -> Business {
        let (business, staffChanged) = try await database.withTenant(caller.tenantID) {
            (tx: borrowing TenantTransaction) in
            try BusinessQueries.lock(in: tx)
            let business = try BusinessQueries.find(in: tx)
            guard version == nil || version == business.version else { throw BusinessError.changed }
            let fields = try change(business.fields)
            guard fields != business.fields else { return (business, false) }
            if fields.name != business.fields.name { try BusinessQueries.rename(fields.name, in: tx) }
            if fields.hours != business.fields.hours { try BusinessQueries.replaceHours(fields.hours, in: tx) }
            let staffChanged = fields.staffSeeOwnCustomers != business.fields.staffSeeOwnCustomers
            if staffChanged {
                try BusinessQueries.letStaffSeeOwnCustomers(fields.staffSeeOwnCustomers, in: tx)
                // Access tokens say it; those of staff are good no longer, on any server.
                try TeamQueries.outdateTokens(of: .staff, in: tx)
            }
            try BusinessQueries.put(fields, in: tx)
            try AuditLog.record(.businessChanged, by: caller.auditActor, in: tx)
            return (try BusinessQueries.find(in: tx), staffChanged)
        }
        if staffChanged { revocations.noteChange() }
        return business
    }
}
