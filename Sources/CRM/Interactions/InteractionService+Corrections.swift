// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

/// Putting right what was logged, without rewriting it.
extension InteractionService {
    /// What may be kept of one line, struck out or not.
    package static let maximumVersions = 20

    /// Puts another version in the place of the one that stands.
    /// - Parameters:
    ///   - change: what is to be said instead, of the same kind.
    ///   - around: as for ``log(_:with:for:around:)``.
    /// - Throws: `InteractionError`, what `change` and `around` throw; then nothing is written down.
    package func correct<Output: Sendable>(
        _ id: Interaction.ID, for caller: Caller,
        _ change: @Sendable @escaping (InteractionContent) throws -> InteractionContent,
        around: @escaping @Sendable (borrowing TenantTransaction, () throws -> Interaction) throws -> Output
    ) async throws -> Output {
        let visibleTo = caller.seesCustomersOf
        return try await namingNewest(of: id, for: caller) {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try around(tx) {
                    let old = try Self.lock(id, visibleTo, in: tx).interaction
                    guard old.version < Self.maximumVersions else { throw InteractionError.tooManyVersions }
                    let content = try change(old.content)
                    precondition(content.kind == old.content.kind, "a version of another kind")
                    let new = Interaction(content, correcting: old, by: caller.auditActor)
                    try InteractionQueries.insert([new], in: tx)
                    try CustomerActivityQueries.replace(old.content, by: content, of: old.writtenWith, in: tx)
                    return new
                }
            }
        }
    }

    /// Says that it never was, or not with this customer.
    /// - Throws: `InteractionError`.
    package func strikeOut(_ id: Interaction.ID, _ reason: String, for caller: Caller) async throws
        -> InteractionDetails
    {
        let visibleTo = caller.seesCustomersOf
        return try await namingNewest(of: id, for: caller) {
            try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                let old = try Self.lock(id, visibleTo, in: tx).interaction
                try InteractionQueries.insertStrike(of: old, reason, by: caller.auditActor, in: tx)
                try CustomerActivityQueries.replace(old.content, by: nil, of: old.writtenWith, in: tx)
                return try InteractionQueries.details(of: old, in: tx)
            }
        }
    }

    /// The version that stands, which nobody else corrects until the transaction ends.
    /// - Throws: `InteractionError.unknown`, `.corrected`, `.struck`.
    private static func lock(
        _ id: Interaction.ID, _ visibleTo: UserID?, in tx: borrowing TenantTransaction
    ) throws -> InteractionDetails {
        guard let first = try tx.run(InteractionQueries.find(id, of: tx.tenantID, visibleTo: visibleTo)),
            let customer = try InteractionQueries.lockCustomers([first.customer], visibleTo: visibleTo, in: tx)[
                first.customer],
            // Whose it is may have changed while we waited for them.
            let found = try tx.run(InteractionQueries.find(id, of: tx.tenantID, visibleTo: visibleTo)),
            found.customer == customer
        else { throw InteractionError.unknown }
        let details = try InteractionQueries.details(of: found, in: tx)
        try check(details)
        return details
    }

    private static func check(_ details: InteractionDetails) throws {
        switch details.state {
        case .standing: break
        case .corrected: throw InteractionError.corrected(by: details.versions.last?.id)
        case .struck: throw InteractionError.struck
        }
    }

    /// Two who put the same version right at once are kept apart by its customer's row, and where that has changed hands by the
    /// index.
    private func namingNewest<Output>(
        of id: Interaction.ID, for caller: Caller, _ write: () async throws -> Output
    ) async throws -> Output {
        do {
            return try await checkingSums(write)
        } catch let error as DatabaseError where error.violates("interactions_corrected_once") {
            try Self.check(try await find(id, for: caller))
            throw InteractionError.corrected(by: nil)
        }
    }
}

extension Interaction {
    fileprivate init(_ content: InteractionContent, correcting old: Interaction, by actor: AuditEvent.Actor) {
        self.init(
            id: .next(), customer: old.customer, content: content, actor: actor.kind, actorID: actor.id,
            corrects: old.id, writtenWith: old.writtenWith, first: old.first, version: old.version + 1)
    }
}
