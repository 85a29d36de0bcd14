// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import HTTPMessage
import HTTPTypes

/// What somebody is answered who has shown who they are, by whatever way.
struct SignInReplies: Sendable {
    /// How long a cookie is kept.
    let sessionLifetime: Duration

    func response(to outcome: SignInOutcome, _ request: Request) throws -> Response {
        switch outcome {
        case .signedIn(let signedIn, let memberships):
            response(with: signedIn, memberships, try SessionCookie(wantedBy: request))
        case .secondFactorNeeded(let ticket, let lifetime):
            .json(TicketOutput(ticket: ticket, lifetime: lifetime), status: .accepted)
        }
    }

    func response(with signedIn: SignedIn, _ memberships: [Membership]?, _ cookie: SessionCookie?) -> Response {
        var response = Response.json(TokensOutput(signedIn, memberships, showsRefreshToken: cookie == nil))
        cookie?.set(.session, signedIn.refreshToken, for: sessionLifetime, on: &response)
        return response
    }
}
