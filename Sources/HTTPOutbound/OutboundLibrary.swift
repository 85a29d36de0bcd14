// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl

/// The libcurl this build is linked with.
package enum OutboundLibrary {
    /// `libcurl/7.88.1 OpenSSL/3.0.19 …`, for the list an operator compares with advisories.
    package static var version: String { unsafe String(cString: curl_version()) }
}
