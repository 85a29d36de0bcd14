// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum AuditEventIDKind: IdentifierKind { package static var prefix: StaticString { "aud" } }

extension Caller {
    package var auditActor: AuditEvent.Actor {
        switch self {
        case .person(let person): .person(person.userID)
        case .key(let key): .apiKey(key.id)
        }
    }
}

/// Something that somebody did in a business, as its owner reads it later.
package struct AuditEvent: Sendable {
    /// Says when, too.
    package typealias ID = Identifier<AuditEventIDKind>

    /// What was done. Spelled the same in SQL and JSON; never renamed.
    package enum Kind: String, Sendable, CaseIterable {
        case sessionBegun = "session.begun"
        case sessionEnded = "session.ended"
        /// Wrong passwords that came before one that was right; `detail` says how many.
        case signInFailed = "sign_in.failed"
        /// An old refresh token came again.
        case sessionReused = "session.reused"
        case confirmed = "session.confirmed"
        case passwordChanged = "password.changed"
        case secondFactorOn = "second_factor.on"
        case secondFactorOff = "second_factor.off"
        case recoveryCodesRenewed = "recovery_codes.renewed"
        case identityChanged = "identity.changed"
        case businessFounded = "business.founded"
        case businessChanged = "business.changed"
        case businessTransferred = "business.transferred"
        case businessClosed = "business.closed"
        case businessReopened = "business.reopened"
        /// All of it was asked for.
        case businessExported = "business.exported"
        /// An administrator has taken out what is kept about the business, or about somebody in it.
        case supportRead = "support.read"
        case accountClosed = "account.closed"
        case accountReopened = "account.reopened"
        case accountExported = "account.exported"
        case invitationMade = "invitation.made"
        case invitationTakenBack = "invitation.taken_back"
        case memberJoined = "member.joined"
        case memberChanged = "member.changed"
        case memberRemoved = "member.removed"
        case memberLeft = "member.left"
        case apiKeyMade = "api_key.made"
        case apiKeyRevoked = "api_key.revoked"
        case customersImported = "customers.imported"
        case customersExported = "customers.exported"
        /// Several were changed or deleted at once, or that was undone.
        case customersChanged = "customers.changed"
        case customersDeleted = "customers.deleted"
        case customersMerged = "customers.merged"
        case customersUnmerged = "customers.unmerged"
        case customersRestored = "customers.restored"
        /// Somebody is to be forgotten, before their time in the bin is over.
        case customerErased = "customer.erased"
        /// What several of them have agreed to, or not, was written down at once; `detail` says of how many.
        case consentsRecorded = "consents.recorded"
        /// Somebody may be contacted again; `detail` says what stood in the way.
        case doNotContactLifted = "do_not_contact.lifted"
        case consentNoticePublished = "consent_notice.published"
    }

    package enum Actor: Sendable, Equatable {
        case person(UserID)
        case apiKey(APIKeyID)
        /// The system itself, in a job.
        case system

        package var kind: String {
            switch self {
            case .person: "person"
            case .apiKey: "api_key"
            case .system: "system"
            }
        }

        package var id: UUIDv7? {
            switch self {
            case .person(let id): id.uuid
            case .apiKey(let id): id.uuid
            case .system: nil
            }
        }
    }

    package let id: ID
    /// A kind that this build does not know is told as it is.
    package let kind: String
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?
    /// An id as the API spells it.
    package let subject: String?
    package let detail: String?
    /// Without the last part of the address.
    package let network: String?
    package let requestID: UUIDv7?

    package var at: Instant { id.uuid.instant }
}
