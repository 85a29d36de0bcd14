// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres

/// The libpq this build is linked with.
package enum DatabaseLibrary {
    /// `libpq 150018`
    package static var version: String { "libpq \(PQlibVersion())" }
}
