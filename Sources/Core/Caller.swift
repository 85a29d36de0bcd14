// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Who is asking, once that has been proved.
package enum Caller: Sendable, Hashable {
    case person(Person)
    case key(Key)

    /// A person, signed in and working in one business.
    package struct Person: Sendable, Hashable {
        package let userID: UserID
        package let sessionID: SessionID
        package let tenantID: TenantID
        package let standing: Standing

        package init(userID: UserID, sessionID: SessionID, tenantID: TenantID, standing: Standing) {
            self.userID = userID
            self.sessionID = sessionID
            self.tenantID = tenantID
            self.standing = standing
        }

        package var role: Role { standing.role }
    }

    /// A program of a business, by one of its API keys.
    package struct Key: Sendable, Hashable {
        package let id: APIKeyID
        package let tenantID: TenantID
        package let scopes: Set<Permission>
        /// Who has made the key, and answers for what it does.
        package let createdBy: UserID

        package init(id: APIKeyID, tenantID: TenantID, scopes: Set<Permission>, createdBy: UserID) {
            self.id = id
            self.tenantID = tenantID
            self.scopes = scopes
            self.createdBy = createdBy
        }
    }

    /// The business whose rows the caller may see.
    package var tenantID: TenantID {
        switch self {
        case .person(let person): person.tenantID
        case .key(let key): key.tenantID
        }
    }

    /// Whose doing it is.
    package var userID: UserID {
        switch self {
        case .person(let person): person.userID
        case .key(let key): key.createdBy
        }
    }

    /// Tells callers apart: a person and their keys are several.
    package var principal: UUIDv7 {
        switch self {
        case .person(let person): person.userID.uuid
        case .key(let key): key.id.uuid
        }
    }

    /// Whose customers alone the caller sees; all when nil.
    package var seesCustomersOf: UserID? {
        guard case .person(let person) = self, person.standing.seesOwnCustomersOnly else { return nil }
        return person.userID
    }

    package func may(_ permission: Permission) -> Bool {
        switch self {
        case .person(let person): person.role.may(permission)
        case .key(let key): key.scopes.contains(permission)
        }
    }
}

/// What a person is in a business, and since when. A token that says one which has been changed since is no longer good.
package struct Standing: Sendable, Hashable {
    package let role: Role
    /// Staff of a business that has said so: no customers but those they look after.
    package let seesOwnCustomersOnly: Bool
    package let changedAt: Instant

    package init(role: Role, seesOwnCustomersOnly: Bool = false, changedAt: Instant) {
        self.role = role
        self.seesOwnCustomersOnly = seesOwnCustomersOnly
        self.changedAt = changedAt
    }
}
