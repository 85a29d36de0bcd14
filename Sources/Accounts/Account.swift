// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Passwords

/// A person who signs in.
package struct User: Sendable {
    package let id: UserID
    package let name: String
    package let phone: PhoneNumber?
    package let email: EmailAddress?
}

/// All that a person is shown of themselves.
package struct Profile: Sendable {
    package let user: User
    package let memberships: [Membership]
    /// Their account at Google, where it signs them in.
    package let google: FederatedIdentity?
}

/// One of the businesses a person works in.
package struct Membership: Sendable {
    package let tenantID: TenantID
    package let businessName: String
    package let standing: Standing

    package var role: Role { standing.role }
}

/// What a person types to sign in.
package enum LoginIdentity: Sendable, Hashable {
    case phone(PhoneNumber)
    case email(EmailAddress)

    /// Reads either kind as typed; nil when it is neither.
    package init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: "@")) {
            guard let email = EmailAddress(text) else { return nil }
            self = .email(email)
        } else {
            guard let phone = PhoneNumber(text) else { return nil }
            self = .phone(phone)
        }
    }

    /// As it was stored; nil for a kind that is not known.
    package init?(kind: String, value: String) {
        switch kind {
        case "phone": self = .phone(PhoneNumber(stored: value))
        case "email":
            guard let email = EmailAddress(value) else { return nil }
            self = .email(email)
        default: return nil
        }
    }

    var phone: PhoneNumber? { if case .phone(let phone) = self { phone } else { nil } }
    var email: EmailAddress? { if case .email(let email) = self { email } else { nil } }

    package var kind: String {
        switch self {
        case .phone: "phone"
        case .email: "email"
        }
    }

    /// As it is stored: E.164, or an address in lower case.
    package var value: String {
        switch self {
        case .phone(let phone): phone.e164
        case .email(let email): email.address
        }
    }
}

/// Somebody who signs up.
package struct Registration: Sendable {
    /// What they come for.
    package enum Aim: Sendable {
        /// To open a business.
        case found(Text)
        /// To join the one that the token invites to.
        case join(invitation: String)
    }

    package let aim: Aim
    package let name: Text
    package let identity: LoginIdentity
    /// Without one its person signs in by codes.
    package let password: Password?

    package init(aim: Aim, name: Text, identity: LoginIdentity, password: Password?) {
        self.aim = aim
        self.name = name
        self.identity = identity
        self.password = password
    }
}

/// A password that may be set: 8 characters to 1,024 bytes, of any kind (NIST SP 800-63B §3.1.1: no composition rules).
package struct Password: Sendable {
    package static let minimumCharacters = 8, maximumBytes = 1_024

    package let secret: Secret<String>

    /// - Throws: `FieldError` with code `too_short`, `too_long`, `too_common` or `forbidden_character`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw FieldError(pointer, "too_long", "At most \(Self.maximumBytes) bytes.")
        }
        guard text.unicodeScalars.count >= Self.minimumCharacters else {
            throw FieldError(pointer, "too_short", "At least \(Self.minimumCharacters) characters.")
        }
        guard !text.utf8.contains(0) else {
            throw FieldError(pointer, "forbidden_character", "NUL cannot be part of a password.")
        }
        // The same letters typed on two phones may differ in composition; both must open the same door.
        let normalized = text.normalizedNFC
        guard !CommonPasswords.contains(normalized) else {
            throw FieldError(
                pointer, "too_common", "This is among the passwords that are guessed first. Choose another.")
        }
        secret = Secret(normalized)
    }

    /// A password as it is being tried: folded the same way, whatever its length.
    package static func attempt(_ text: String) -> Secret<String> { Secret(text.normalizedNFC) }
}

/// A signed-in session's tokens and where they lead.
package struct SignedIn: Sendable {
    package let userID: UserID
    package let tenantID: TenantID
    package let accessToken: Secret<String>
    package let accessLifetime: Duration
    package let refreshToken: Secret<String>
    /// Shown with later tries to sign in.
    package let deviceMark: DeviceMark
}

package enum AccountError: Error, Sendable, Equatable {
    /// Someone else has proved that this number or address is theirs.
    case identityTaken
    /// The code is wrong; so many tries are left.
    case codeWrong(triesLeft: Int)
    /// The code has been used, has expired, or was tried too often.
    case challengeOver
    /// This server has no way to send to a number, or to an address.
    case cannotSend(kind: String)
    /// A new password belongs to a reset, and to nothing else.
    case newPasswordMissing, newPasswordUnasked
    /// The old password, which a new one asks for, is wrong.
    case passwordWrong
    /// The person has not shown lately that it is them.
    case confirmationNeeded
    /// Too many wrong passwords in a row, from wherever.
    case signInBlocked(until: Instant)
    /// A code of the authenticator app is asked for, and nothing else will do.
    case secondFactorRequired
    case secondFactorWrong
    /// Too many wrong codes in a row.
    case secondFactorBlocked(until: Instant)
    /// There is none, or none yet.
    case secondFactorUnknown
    /// There is one already.
    case secondFactorInForce
    /// Not a ticket of this deployment, or one that has expired.
    case ticketInvalid
    /// This server lets nobody in by an account elsewhere.
    case providerNotSet
    /// The provider does not answer.
    case providerUnavailable(retryAfter: Duration?)
    /// What the provider says does not belong to what it was asked, or it takes the code for nothing.
    case providerAnswerInvalid
    /// The provider does not know whether the address is theirs.
    case providerEmailUnverified
    /// Not a way there and back of this deployment and this browser; or used, or begun too long ago.
    case flowInvalid
    /// Nobody has signed up by this account elsewhere.
    case accountUnknown
    /// The person has an account there already.
    case providerLinked
    case providerNotLinked
    /// Without it the person could never come in again.
    case lastWayIn
    /// Not one of the person's sessions, or one that has ended.
    case sessionUnknown
    /// Unknown person or wrong password: nobody learns which.
    case credentialsWrong
    /// Not a refresh token of a living session.
    case refreshTokenInvalid
    /// An old refresh token came again: it, or its successor, is in the wrong hands, so the session has been ended.
    case refreshTokenReused
    /// Not one of the person's businesses.
    case tenantUnknown
}
