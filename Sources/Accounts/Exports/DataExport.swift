// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum DataExportIDKind: IdentifierKind { package static var prefix: StaticString { "exp" } }

/// All that is kept about a business or a person, as somebody has asked to take it along. `unnati privacy due` writes it, since
/// no role of the server reads all of it.
package struct DataExport: Sendable {
    package typealias ID = Identifier<DataExportIDKind>

    package let id: ID
    package let requestedAt: Instant
    /// Nil until it has been written.
    package let completed: Completed?

    package struct Completed: Sendable {
        package let bytes: Int
        /// Then it is deleted.
        package let expiresAt: Instant
    }
}

package enum DataExportError: Error, Sendable, Equatable {
    /// There is none such, or it has expired.
    case unknown
    /// It is still being written.
    case pending
}
