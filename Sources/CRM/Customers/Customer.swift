// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum CustomerKind: IdentifierKind { package static var prefix: StaticString { "cus" } }

/// How far a customer has come. Spelled the same in SQL and JSON.
package enum CustomerStage: String, Sendable, CaseIterable {
    /// Has shown interest.
    case lead
    /// Buys.
    case active
    /// Bought once, and has not for long.
    case dormant
}

/// A person in a business's customer book.
package struct Customer: Sendable {
    package typealias ID = Identifier<CustomerKind>

    /// Of one that was deleted: when, and until when they can be restored.
    package struct Deletion: Sendable, Equatable {
        package let at: Instant, eraseAfter: Instant
    }

    package let id: ID
    package let fields: CustomerFields
    /// Grows with every change.
    package let version: Int
    package let createdAt: Instant
    package let updatedAt: Instant
    package let deletion: Deletion?

    package init(
        id: ID, fields: CustomerFields, version: Int, createdAt: Instant, updatedAt: Instant, deletion: Deletion? = nil
    ) {
        self.id = id
        self.fields = fields
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.deletion = deletion
    }
}

package enum CustomerError: Error, Sendable, Equatable {
    case unknown
    /// Another customer of the business has this number, address or WhatsApp id.
    case phoneTaken(by: Customer.ID?), emailTaken(by: Customer.ID?), whatsAppTaken(by: Customer.ID?)
    /// Whoever is to look after them does not work here.
    case ownerUnknown
    /// Whoever sees their own customers alone gives them to nobody else.
    case ownerFixed
    /// The row has changed since the version the client knows.
    case changed
    /// What is to be restored was not deleted.
    case notDeleted
}

/// Some of many cannot be added, so none was.
package struct CustomersRefused: Error, Sendable {
    /// With their places among the many.
    package let errors: [(index: Int, error: CustomerError)]
}
