// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Logging

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
