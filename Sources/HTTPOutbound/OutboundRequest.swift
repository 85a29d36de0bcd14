// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTypes

/// Something asked of somebody else's server.
package struct OutboundRequest: Sendable {
    package let method: HTTPRequest.Method
    package let url: OutboundURL
    package private(set) var fields = HTTPFields()
    package var body = OutboundBody.none
    package var limits = OutboundLimits()
    /// Asking twice is the same as asking once. True for the methods of which HTTP says so (RFC 9110 §9.2.2), and for what a
    /// provider does once however often it hears it.
    package var isRepeatable: Bool

    package init(_ method: HTTPRequest.Method, _ url: OutboundURL) {
        self.method = method
        self.url = url
        isRepeatable = [.get, .head, .put, .delete, .options].contains(method)
    }

    /// - Throws: `OutboundError.forbiddenField` for a value that would end its line, or one that libcurl writes itself.
    package mutating func set(_ name: HTTPField.Name, _ value: String) throws(OutboundError) {
        guard HTTPField.isValidValue(value), !Self.ownFields.contains(name) else { throw .forbiddenField }
        fields[name] = value
    }

    /// Sends names and values as a form does (`application/x-www-form-urlencoded`).
    package mutating func setForm(_ values: [(String, String)]) {
        fields[.contentType] = "application/x-www-form-urlencoded"
        body = .bytes(Array(OutboundURL.form(values).utf8))
    }

    private static let ownFields = Set(
        [
            "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE", "Trailer", "Host",
            "Proxy-Connection", "Keep-Alive",
        ].compactMap { HTTPField.Name($0) })
}

/// What is sent along.
package enum OutboundBody: Sendable {
    case none
    case bytes([UInt8])
    /// Piece by piece, as the other side takes them.
    /// - Parameters:
    ///   - length: bytes in all; nil where that is not known (chunked, RFC 9112 §7.1).
    ///   - next: nil at the end. Called once only, so such a request is never repeated.
    case stream(length: Int?, next: @Sendable () async throws -> [UInt8]?)
}

/// How long one call may take and how much it may bring.
package struct OutboundLimits: Sendable {
    /// Until the connection stands, TLS included; of each attempt.
    package var connecting = Duration.seconds(5)
    /// All attempts together, the waits between them included.
    package var total = Duration.seconds(30)
    /// A call that moves fewer bytes a second ...
    package var slowest = 32
    /// ... for so long is given up. In whole seconds.
    package var patience = Duration.seconds(15)
    package var responseBytes = 1 << 20
    /// At least one.
    package var attempts = 3

    package init() {}
}

/// Who is called, and as whom. Connections are shared by calls of one account only: what a connection has been told of one must
/// not serve another.
package struct OutboundPeer: Hashable, Sendable {
    /// `gemini`: counts calls and failures. Written in the source, so there are few.
    package let provider: String
    package let account: String

    /// - Parameter account: whose credentials the calls carry; empty for our own.
    package init(_ provider: StaticString, account: String = "") {
        self.provider = "\(provider)"
        self.account = account
    }
}
