// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import JSON
import Tokens

/// What somebody holds who has shown one of two things: sealed, for five minutes. What else the first one was to bring about,
/// such as a new password, comes with the second.
struct SignInTicket: Sendable, Decodable, JSONWritable {
    static let lifetime = Duration.seconds(300)

    let userID: UserID
    let tenantID: TenantID
    let way: SignInWay
    /// To be set when the second thing has been shown.
    let passwordHash: String?
    /// Of the password that was shown: a ticket is worth nothing once that has been changed.
    private let shownPassword: String?
    /// What they came for, one of the two.
    let invitation: String?, businessName: String?
    private let expiresAt: Int64

    init(
        _ user: UserID, in tenant: TenantID, by way: SignInWay, passwordHash: String? = nil,
        shown stored: String? = nil, invitation: String? = nil, businessName: String? = nil
    ) {
        userID = user
        tenantID = tenant
        self.way = way
        self.passwordHash = passwordHash
        shownPassword = stored.map(Self.digest)
        self.invitation = invitation
        self.businessName = businessName
        expiresAt = Instant.now().advanced(by: Self.lifetime).microseconds
    }

    private static let purpose = SecretSeal.Purpose("sign-in ticket", .least)

    /// Whether what was shown for the first thing is still so.
    /// - Parameter stored: the hash of the person's password as it is now.
    func holds(with stored: String?) -> Bool { shownPassword == nil || shownPassword == stored.map(Self.digest) }

    private static func digest(_ hash: String) -> String { Hex.encode(SHA256.hash(data: Array(hash.utf8)).prefix(16)) }

    func text(_ seal: SecretSeal) -> Secret<String> {
        Secret("st_" + Base64.url.encode(seal.seal(jsonBytes, for: Self.purpose)))
    }

    /// Nil for what this deployment has not made, or has made too long ago.
    init?(_ text: String, _ seal: SecretSeal) {
        guard text.utf8.count <= 1_024, text.hasPrefix("st_"), let sealed = Base64.url.decode(text.utf8.dropFirst(3)),
            let opened = seal.open(sealed, for: Self.purpose),
            let ticket = try? JSONDecoding.decode(SignInTicket.self, from: opened),
            ticket.expiresAt > Instant.now().microseconds
        else { return nil }
        self = ticket
    }

    private enum CodingKeys: String, CodingKey {
        case user, tenant, way, invitation
        case businessName = "business_name"
        case passwordHash = "password_hash"
        case shownPassword = "shown_password"
        case expiresAt = "expires_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let user = UserID(try container.decode(String.self, forKey: .user)),
            let tenant = TenantID(try container.decode(String.self, forKey: .tenant)),
            let way = SignInWay(rawValue: try container.decode(String.self, forKey: .way))
        else { throw DecodingError.dataCorruptedError(forKey: .user, in: container, debugDescription: "no ticket") }
        userID = user
        tenantID = tenant
        self.way = way
        passwordHash = try container.decodeIfPresent(String.self, forKey: .passwordHash)
        shownPassword = try container.decodeIfPresent(String.self, forKey: .shownPassword)
        invitation = try container.decodeIfPresent(String.self, forKey: .invitation)
        businessName = try container.decodeIfPresent(String.self, forKey: .businessName)
        expiresAt = try container.decode(Int64.self, forKey: .expiresAt)
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("user", userID)
            json.member("tenant", tenantID)
            json.member("way", way.rawValue)
            json.member("password_hash", passwordHash)
            json.member("shown_password", shownPassword)
            json.member("invitation", invitation)
            json.member("business_name", businessName)
            json.member("expires_at", Int(expiresAt))
        }
    }
}

/// What becomes of somebody who has shown the first thing.
package enum SignInOutcome: Sendable {
    case signedIn(SignedIn, [Membership])
    /// A code of their authenticator app is asked for. The ticket goes with it.
    case secondFactorNeeded(ticket: Secret<String>, lifetime: Duration)
}
