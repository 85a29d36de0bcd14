// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl

/// Whose certificates are believed. Read once: a file that cannot be read is noticed when the server starts and not with the
/// first call, and a thousand connections share what would be a megabyte each.
@safe final class Trust: @unchecked Sendable {
    // Guard: `store` is only read, but for OpenSSL's own look-ups, which it locks.
    private let store: OpaquePointer

    /// - Parameter file: certificates in PEM; nil for the machine's own.
    /// - Throws: ``OutboundConfiguration/Unreadable``.
    init(file: String?) throws(OutboundConfiguration.Unreadable) {
        guard let store = unsafe unnati_trust(file) else {
            throw OutboundConfiguration.Unreadable(file: file ?? "")
        }
        unsafe self.store = store
    }

    deinit { unsafe unnati_trust_free(store) }

    func apply(to easy: UnsafeMutableRawPointer) { unsafe _ = unnati_curl_on_tls(easy, store) }
}
