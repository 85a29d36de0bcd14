// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Who is asking, once that has been proved.
package enum Caller: Sendable, Hashable {
    case person(Person)

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

    /// The business whose rows the caller may see.
    package var tenantID: TenantID {
        switch self {
        case .person(let person): person.tenantID
        }
    }
}

/// What a person is in a business, and since when. A token that says one which has been changed since is no longer good.
package struct Standing: Sendable, Hashable {
    package let role: Role
    package let changedAt: Instant

    package init(role: Role, changedAt: Instant) {
        self.role = role
        self.changedAt = changedAt
    }
}
