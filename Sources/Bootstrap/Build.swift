// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What this executable is.
package enum Build {
    package static let version = "0.1.0"
}
