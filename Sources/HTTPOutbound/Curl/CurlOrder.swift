// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution

/// What libcurl is to do.
struct CurlOrder: Sendable {
    enum Kind: Sendable {
        /// - Parameter lines: `Name: value`, valid.
        case http(method: String, lines: [String])
        /// - Parameters:
        ///   - sender: the envelope's, as are the recipients.
        ///   - credential: given after TLS stands.
        case smtp(sender: String, recipients: [String], credential: Secret<(user: String, password: String)>?)
    }

    let kind: Kind
    let url: OutboundURL
    /// Calls with the same key share connections.
    let pool: String
    /// Bytes of the body; nil without one. -1 where it is not known.
    let bodyLength: Int?
    let limits: OutboundLimits
    let deadline: Deadline
    /// Asking on a connection that may have died meanwhile is allowed: libcurl asks again on another.
    let mayReuse: Bool
}
