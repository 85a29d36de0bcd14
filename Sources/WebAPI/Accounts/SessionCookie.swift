// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// A browser's refresh token, where no script of a page can read it: in a cookie that goes to this host alone, over TLS, and
/// with no request that another site has begun (RFC 6265bis, `__Host-`, `HttpOnly`, `SameSite=Strict`). A client asks for it with
/// the header `X-Unnati-Session: cookie`, which another site's form cannot send; and the page must be of this origin.
struct SessionCookie: Sendable {
    static let name = "__Host-unnati-session"

    /// Nil when the client keeps its refresh token itself.
    /// - Throws: `APIError` with status 403 for a page of another origin.
    init?(wantedBy request: Request) throws {
        guard request.head.fields.only(.unnatiSession) == "cookie" else { return nil }
        let origin = request.head.fields.only(.origin), host = request.head.fields.only(.host)
        guard let origin, let host, ["https://\(host)", "http://\(host)"].contains(origin) else {
            throw APIError(
                .forbidden, .originDenied,
                "Sessions in cookies are for pages of this address. Keep the refresh token yourself.")
        }
    }

    /// The refresh token that the browser brings.
    func token(of request: Request) -> String? { Cookies(request.head.fields)[Self.name] }

    /// Has the browser keep it.
    func set(_ token: Secret<String>, for lifetime: Duration, on response: inout Response) {
        response.fields.append(.setCookie, Self.line(token.reveal(), lifetime.components.seconds))
    }

    func clear(on response: inout Response) { response.fields.append(.setCookie, Self.line("", 0)) }

    private static func line(_ value: String, _ seconds: Int64) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=Strict"
    }
}

extension HTTPField.Name {
    static let unnatiSession = HTTPField.Name("X-Unnati-Session") ?? .from
    static let host = HTTPField.Name("Host") ?? .from
}
