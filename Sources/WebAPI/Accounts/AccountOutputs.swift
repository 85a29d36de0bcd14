// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import JSON

/// `{"access_token": "…", "token_type": "Bearer", "expires_in": 600, "refresh_token": "rt_…", "user_id": "usr_…",
/// "tenant_id": "ten_…"}`, after signing in with `"tenants": […]`.
struct TokensOutput: JSONWritable {
    private let signedIn: SignedIn
    private let memberships: [Membership]?
    private let showsRefreshToken: Bool

    /// - Parameter showsRefreshToken: false where it goes into a cookie.
    init(_ signedIn: SignedIn, _ memberships: [Membership]? = nil, showsRefreshToken: Bool = true) {
        self.signedIn = signedIn
        self.memberships = memberships
        self.showsRefreshToken = showsRefreshToken
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("access_token", signedIn.accessToken.reveal())
            json.member("token_type", "Bearer")
            json.member("expires_in", Int(signedIn.accessLifetime.components.seconds))
            if showsRefreshToken { json.member("refresh_token", signedIn.refreshToken.reveal()) }
            json.member("device_mark", signedIn.deviceMark.text.reveal())
            json.member("user_id", signedIn.userID)
            json.member("tenant_id", signedIn.tenantID)
            if let memberships {
                json.member("tenants") { TenantOutput.write(memberships, to: &$0) }
            }
        }
    }
}

/// `{"id": "ten_…", "name": "Meera Tailors", "role": "owner"}`
struct TenantOutput: JSONWritable {
    let membership: Membership

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", membership.tenantID)
            json.member("name", membership.businessName)
            json.member("role", membership.role.rawValue)
        }
    }

    static func write(_ memberships: [Membership], to json: inout JSONWriter) {
        json.array { json in for membership in memberships { TenantOutput(membership: membership).write(to: &json) } }
    }
}

/// `{"access_token": "…", "token_type": "Bearer", "expires_in": 600, "tenant": {…}}`
struct SwitchOutput: JSONWritable {
    let membership: Membership
    let token: Secret<String>
    let lifetime: Duration

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("access_token", token.reveal())
            json.member("token_type", "Bearer")
            json.member("expires_in", Int(lifetime.components.seconds))
            json.member("tenant") { TenantOutput(membership: membership).write(to: &$0) }
        }
    }
}

/// `{"user": {"id": "usr_…", "name": "Meera", "phone": "+91…"}, "tenant_id": "ten_…", "tenants": […]}`
struct MeOutput: JSONWritable {
    let profile: Profile
    let tenantID: TenantID

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("user") { json in
                json.object { json in
                    json.member("id", profile.user.id)
                    json.member("name", profile.user.name)
                    json.member("phone", profile.user.phone?.e164)
                    json.member("email", profile.user.email?.address)
                    if let google = profile.google {
                        json.member("google") { json in json.object { $0.member("email", google.email?.address) } }
                    }
                }
            }
            json.member("tenant_id", tenantID)
            json.member("tenants") { TenantOutput.write(profile.memberships, to: &$0) }
        }
    }
}

/// `{"challenge_id": "chl_…", "sent_to": "phone", "expires_in": 600}`
struct ChallengeOutput: JSONWritable {
    let challenge: OpenedChallenge

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("challenge_id", challenge.id)
            json.member("sent_to", challenge.kind)
            json.member("expires_in", Int(challenge.lifetime.components.seconds))
        }
    }
}

/// `{"id": "ses_…", "is_current": true, "device": "…", "network": "203.0.113.0/24", …}`
struct SessionOutput: JSONWritable {
    let session: Session
    let current: SessionID

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", session.id)
            json.member("is_current", session.id == current)
            json.member("tenant_id", session.tenantID)
            json.member("device", session.device)
            json.member("network", session.network)
            json.member("created_at", session.createdAt)
            json.member("used_at", session.usedAt)
            json.member("expires_at", session.expiresAt)
        }
    }
}

/// `{"ticket": "st_…", "expires_in": 300}`
struct TicketOutput: JSONWritable {
    let ticket: Secret<String>
    let lifetime: Duration

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("ticket", ticket.reveal())
            json.member("expires_in", Int(lifetime.components.seconds))
        }
    }
}
