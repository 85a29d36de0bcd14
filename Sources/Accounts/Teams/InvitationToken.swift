// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Tokens

/// What the link of an invitation holds: `it_` and base64url of business, invitation and 16 random bytes. The first two find
/// it; the last are the secret.
struct InvitationToken: Sendable {
    let tenantID: TenantID
    let id: Invitation.ID
    let text: Secret<String>

    /// A new one.
    init(to tenant: TenantID) {
        tenantID = tenant
        id = .next()
        text = Secret("it_" + Base64.url.encode(tenant.uuid.bytes + id.uuid.bytes + RandomBytes.make(16)))
    }

    /// Nil for what can be none.
    init?(_ text: String) {
        guard text.utf8.count == 67, text.hasPrefix("it_"), let bytes = Base64.url.decode(text.utf8.dropFirst(3)),
            bytes.count == 48, let tenant = UUIDv7(bytes: bytes[0..<16]), let id = UUIDv7(bytes: bytes[16..<32])
        else { return nil }
        tenantID = TenantID(tenant)
        self.id = Invitation.ID(id)
        self.text = Secret(text)
    }

    /// What is kept of it. 128 random bits are not guessed, however fast the hash.
    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.reveal().utf8))) }
}
