// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum InvitationIDKind: IdentifierKind { package static var prefix: StaticString { "inv" } }

/// Somebody is asked to join a business.
package struct Invitation: Sendable {
    package typealias ID = Identifier<InvitationIDKind>

    package let id: ID
    package let role: Role
    /// Who alone may accept it: whoever has proved this number or address. Anybody who has the link, when nil.
    package let identity: LoginIdentity?
    package let invitedBy: UserID
    package let createdAt: Instant
    package let expiresAt: Instant
}

/// What the bearer of an invitation's token is shown before they accept.
package struct InvitationPreview: Sendable {
    package let tenantID: TenantID
    package let id: Invitation.ID
    package let businessName: String
    package let role: Role
    package let identity: LoginIdentity?
}

/// Somebody who works in a business, as the others there see them.
package struct Member: Sendable {
    package let id: UserID
    package let name: String
    package let phone: PhoneNumber?
    package let email: EmailAddress?
    package let role: Role
    package let since: Instant
}

package enum TeamError: Error, Sendable, Equatable {
    case memberUnknown, invitationUnknown
    /// A business must always have an owner.
    case lastOwner
    /// Not a role that the caller may give or take.
    case roleNotGoverned
    /// The invitation is for whoever has proved another number or address.
    case invitationForAnother
    /// They work there already.
    case alreadyMember
    /// So many invitations are open already.
    case tooManyInvitations
}
