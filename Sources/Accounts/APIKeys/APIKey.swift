// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A key by which a program of a business comes in, as its owner sees it.
package struct APIKey: Sendable {
    package let id: APIKeyID
    package let name: String
    package let scopes: [Permission]
    /// Where it may be used from; anywhere when empty.
    package let networks: [String]
    package let lastFour: String
    /// The key whose place it takes.
    package let replaces: APIKeyID?
    package let createdBy: UserID
    package let createdAt: Instant
    package let expiresAt: Instant?
    /// To the minute.
    package let lastUsedAt: Instant?
}

/// A key that is to be made.
package struct NewAPIKey: Sendable {
    package let name: Text
    package let scopes: [Permission]
    package let networks: [String]
    package let expiresAt: Instant?

    /// - Throws: `ValidationError`.
    package init(name: String, scopes: [String], networks: [String], expiresAt: String?) throws(ValidationError) {
        var validation = Validation()
        let name = validation.check { () throws(FieldError) in try Text(name, at: "/name", maximumBytes: 200) }
        var permissions: [Permission] = []
        if scopes.isEmpty { validation.fail(FieldError("/scopes", "required", "What may the key do?")) }
        for (index, text) in scopes.enumerated() {
            if let scope = Permission(rawValue: text), Permission.ofKeys.contains(scope) {
                if !permissions.contains(scope) { permissions.append(scope) }
            } else {
                validation.fail(
                    FieldError(
                        "/scopes/\(index)", "invalid_scope",
                        "One of \(Permission.ofKeys.map(\.rawValue).sorted().joined(separator: ", "))."))
            }
        }
        if networks.count > 16 { validation.fail(FieldError("/networks", "too_many", "At most 16.")) }
        for (index, text) in networks.prefix(16).enumerated() where NetworkRange(text) == nil {
            validation.fail(
                FieldError("/networks/\(index)", "invalid_network", "An address or a network such as 203.0.113.0/24."))
        }
        let expiry = validation.check { () throws(FieldError) in try Self.expiry(expiresAt) }
        try validation.finish()
        guard let name, let expiry else { throw ValidationError([]) }
        self.name = name
        self.scopes = permissions
        self.networks = networks
        self.expiresAt = expiry
    }

    /// One that takes the place of another.
    init(replacing old: APIKey) throws {
        name = try Text(old.name, at: "/name", maximumBytes: 200)
        (scopes, networks, expiresAt) = (old.scopes, old.networks, old.expiresAt)
    }

    private static func expiry(_ text: String?) throws(FieldError) -> Instant? {
        guard let text else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw FieldError("/expires_at", "invalid_time", "A time such as 2027-01-31T10:00:00Z.")
        }
        guard instant > .now() else { throw FieldError("/expires_at", "in_the_past", "A time to come.") }
        return instant
    }
}

extension Permission {
    /// What a key can be given. Who comes and goes, and whose the business is, people decide.
    package static let ofKeys: Set<Permission> = [
        .customersRead, .customersWrite, .customersDelete, .customersImport, .customersExport, .ledgerRead,
        .ledgerWrite,
        .businessRead, .businessWrite, .membersRead, .auditRead,
    ]
}

package enum APIKeyError: Error, Sendable, Equatable {
    case unknown
    /// As many keys as a business may have live already.
    case tooMany
    /// The key is one of two already; the other one must go first.
    case isBeingReplaced
    /// More than the caller may do.
    case scopeNotHeld
}
