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

        package init(userID: UserID, sessionID: SessionID, tenantID: TenantID) {
            self.userID = userID
            self.sessionID = sessionID
            self.tenantID = tenantID
        }
    }

    /// The business whose rows the caller may see.
    package var tenantID: TenantID {
        switch self {
        case .person(let person): person.tenantID
        }
    }
}
