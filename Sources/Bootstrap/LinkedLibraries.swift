// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import HTTPOutbound
import HTTPTransport
import QRCodes

/// The C libraries of this build, for whoever compares them with advisories.
package enum LinkedLibraries {
    package static var versions: [String] {
        [DatabaseLibrary.version, TLSLibrary.version, OutboundLibrary.version, QRCodeLibrary.version]
    }
}
