// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The fields that a business has added to its customers.
package struct CustomFieldService: Sendable {
    private let database: ConnectionPool

    package init(database: ConnectionPool) { self.database = database }

    /// In the order in which the business wants to see them.
    package func all(for caller: Caller) async throws -> [CustomField] {
        try await database.browse(CustomFieldQueries.all(of: caller.tenantID), in: .tenant(caller.tenantID))
    }

    /// - Throws: `CustomFieldError.unknown`.
    package func find(_ id: CustomField.ID, for caller: Caller) async throws -> CustomField {
        guard let field = try await all(for: caller).first(where: { $0.id == id }) else {
            throw CustomFieldError.unknown
        }
        return field
    }

    /// - Parameter position: behind all others when nil.
    /// - Throws: `CustomFieldError.keyTaken`, `.tooMany`.
    package func add(
        key: String, label: String, kind: CustomField.Kind, choices: [String], position: Int?, for caller: Caller
    ) async throws -> CustomField {
        do {
            return try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
                try TenantQueries.lock(in: tx)
                let others = try tx.run(CustomFieldQueries.all(of: tx.tenantID))
                guard others.count < CustomField.maximumPerBusiness else { throw CustomFieldError.tooMany }
                let field = CustomField(
                    id: .next(), key: key, kind: kind, label: label, choices: choices,
                    position: position ?? (others.map(\.position).max() ?? 0) + 1, version: 1)
                try CustomFieldQueries.insert(field, in: tx)
                return field
            }
        } catch let error as DatabaseError where error.violates("customer_fields_key") {
            throw CustomFieldError.keyTaken
        }
    }

    /// Changes how a field is called and where it stands, and what may be chosen. What customers have in it stays.
    /// - Throws: `CustomFieldError.unknown`, `.changed`, what `change` throws.
    package func update(
        _ id: CustomField.ID, version: Int?, for caller: Caller,
        _ change: @Sendable @escaping (CustomField) throws -> CustomField
    ) async throws -> CustomField {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let field = try CustomFieldQueries.lock(id, in: tx) else { throw CustomFieldError.unknown }
            guard version == nil || version == field.version else { throw CustomFieldError.changed }
            let changed = try change(field)
            return changed == field ? field : try CustomFieldQueries.update(changed, in: tx)
        }
    }

    /// Takes a field away, with what all customers have in it.
    /// - Throws: `CustomFieldError.unknown`.
    package func remove(_ id: CustomField.ID, for caller: Caller) async throws {
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard try CustomFieldQueries.lock(id, in: tx) != nil else { throw CustomFieldError.unknown }
            try CustomFieldQueries.delete(id, in: tx)
        }
    }
}
