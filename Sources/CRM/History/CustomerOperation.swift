// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomerOperationIDKind: IdentifierKind { package static var prefix: StaticString { "cop" } }

/// Something that was done to several customers at once, and can be undone as a whole.
package struct CustomerOperation: Sendable {
    package typealias ID = Identifier<CustomerOperationIDKind>

    /// Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        case update, delete, `import`
    }

    package let id: ID
    package let kind: Kind
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?
    /// How many it was done to.
    package let customers: Int
    package let createdAt: Instant
    /// When it was undone, and how many are since as they were before.
    package let undoing: (at: Instant, restored: Int)?
}

package enum CustomerOperationError: Error, Sendable, Equatable {
    case unknown
    case undoneAlready
    /// It is undone as the import that it is.
    case isImport
    /// What was deleted then has been erased, or soon will be.
    case tooOld
}
