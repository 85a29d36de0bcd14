// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes
import Tokens

/// Publishes what others need to check our access tokens (RFC 7517).
struct KeyHandlers: Sendable {
    let tokens: AccessTokens

    func mount(open: RouteGroup<OpenContext>) {
        open.get(
            "/.well-known/jwks.json", operation: "getSigningKeys", access: .everyone,
            atOnce: { [tokens] _, _ in
                Response(.ok, fields: [.contentType: "application/jwk-set+json"], body: tokens.keySet)
            })
    }
}
