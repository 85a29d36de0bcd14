// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

package enum ChallengeIDKind: IdentifierKind { package static var prefix: StaticString { "chl" } }

/// A code that was sent somewhere and is to be typed back. Whoever has asked for it is told this id, and nobody else.
package typealias ChallengeID = Identifier<ChallengeIDKind>

/// What is done when the code is right. Spelled the same in SQL and JSON.
package enum ChallengePurpose: String, Sendable, CaseIterable {
    /// A business and its owner are founded.
    case register
    case logIn = "log_in"
    /// A password is set and all other sessions end.
    case resetPassword = "reset_password"
    /// A person who is signed in gets a number or address that they sign in with from then on.
    case addIdentity = "add_identity"
    /// A person who is signed in shows that it is still them.
    case confirm
}

/// A challenge as its sender is told: nothing in it depends on whether anybody has this number or address.
package struct OpenedChallenge: Sendable {
    package let id: ChallengeID
    /// `phone` or `email`.
    package let kind: String
    package let lifetime: Duration
}

struct StoredChallenge: Sendable {
    let purpose: ChallengePurpose
    let identity: LoginIdentity
    let userID: UserID?
    let content: [UInt8]?
    /// Not used, not expired, and not tried too often.
    let isOpen: Bool
}

/// What came of a try.
enum ChallengeVerdict: Sendable {
    case right
    case wrong(triesLeft: Int)
    /// It has been used, has expired, or was tried too often.
    case over
}

/// What was asked for at sign-up, until its code comes.
struct PendingRegistration: Codable, Sendable, JSONWritable {
    /// One of the two.
    let businessName: String?, invitation: String?
    let name: String, passwordHash: String?

    init(_ registration: Registration, passwordHash: String?) {
        switch registration.aim {
        case .found(let name): (businessName, invitation) = (name.value, nil)
        case .join(let token): (businessName, invitation) = (nil, token)
        }
        name = registration.name.value
        self.passwordHash = passwordHash
    }

    enum CodingKeys: String, CodingKey {
        case businessName = "business_name"
        case invitation, name
        case passwordHash = "password_hash"
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("business_name", businessName)
            json.member("invitation", invitation)
            json.member("name", name)
            json.member("password_hash", passwordHash)
        }
    }
}
