// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import COpenSSL

/// The OpenSSL this build is linked with.
package enum TLSLibrary {
    /// `OpenSSL 3.0.19 27 Jan 2026`, for the list an operator compares with advisories.
    package static var version: String { unsafe String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
