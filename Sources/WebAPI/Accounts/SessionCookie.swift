// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// What a browser keeps for its session, where no script of a page can read it: in cookies that go to this host alone, over TLS,
/// and with no request that another site has begun (RFC 6265bis, `__Host-`, `HttpOnly`, `SameSite=Strict`). A client asks for it with
/// the header `X-Unnati-Session: cookie`, which another site's form cannot send; and the page must be of this origin.
struct SessionCookie: Sendable {
    enum Kind: String {
        /// The refresh token.
        case session = "__Host-unnati-session"
        /// What belongs to a way to a provider and back.
        case flow = "__Host-unnati-flow"
    }

    /// Nil when the client keeps its refresh token itself.
    /// - Throws: `APIError` with status 400 for a header of another value, 403 for a page of another origin.
    init?(wantedBy request: Request) throws {
        guard request.head.fields.contains(.unnatiSession) else { return nil }
        guard request.head.fields.only(.unnatiSession) == "cookie" else {
            throw APIError(.badRequest, .malformedRequest, "X-Unnati-Session is `cookie`, or is left out.")
        }
        let origin = request.head.fields.only(.origin), host = request.head.fields.only(.host)
        guard let origin, let host, ["https://\(host)", "http://\(host)"].contains(origin) else {
            throw APIError(
                .forbidden, .originDenied,
                "Sessions in cookies are for pages of this address. Keep the refresh token yourself.")
        }
    }

    /// What the browser brings.
    func value(_ kind: Kind, of request: Request) -> String? { Cookies(request.head.fields)[kind.rawValue] }

    /// Has the browser keep it.
    func set(_ kind: Kind, _ value: Secret<String>, for lifetime: Duration, on response: inout Response) {
        response.fields.append(.setCookie, Self.line(kind, value.reveal(), lifetime.components.seconds))
    }

    func clear(_ kind: Kind, on response: inout Response) {
        response.fields.append(.setCookie, Self.line(kind, "", 0))
    }

    private static func line(_ kind: Kind, _ value: String, _ seconds: Int64) -> String {
        "\(kind.rawValue)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=Strict"
    }
}

extension HTTPField.Name {
    static let unnatiSession = HTTPField.Name("X-Unnati-Session") ?? .from
    static let host = HTTPField.Name("Host") ?? .from
}
