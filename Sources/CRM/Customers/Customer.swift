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

    package let id: ID
    package let name: String?
    package let phone: PhoneNumber?
    package let email: EmailAddress?
    package let stage: CustomerStage
    package let tags: [String]
    package let notes: String?
    /// Who looks after them.
    package let owner: UserID?
    /// Grows with every change.
    package let version: Int
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: ID, name: String?, phone: PhoneNumber?, email: EmailAddress?, stage: CustomerStage, tags: [String],
        notes: String?, owner: UserID? = nil, version: Int,
        createdAt: Instant, updatedAt: Instant
    ) {
        self.id = id
        self.name = name
        self.phone = phone
        self.email = email
        self.stage = stage
        self.tags = tags
        self.notes = notes
        self.owner = owner
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// The fields a person fills in, each already valid by itself.
package struct CustomerFields: Sendable, Equatable {
    package static let maximumNameBytes = 200, maximumNotesBytes = 10_000, maximumTagBytes = 64, maximumTags = 50

    package var name: String?
    package var phone: PhoneNumber?
    package var email: EmailAddress?
    package var stage = CustomerStage.lead
    package var tags: [String] = []
    package var notes: String?
    package var owner: UserID?

    package init() {}

    package init(_ customer: Customer) {
        name = customer.name
        phone = customer.phone
        email = customer.email
        stage = customer.stage
        tags = customer.tags
        notes = customer.notes
        owner = customer.owner
    }

    /// What all ways of finding someone have in common: one of them must be there.
    package var isKnownBySomething: Bool { name != nil || phone != nil || email != nil }

    package static let unknownByAnything = FieldError(
        "", "required", "Give a name, a phone number or an e-mail address.")

    // MARK: - Reading one field

    package static func name(_ text: String, at pointer: String = "/name") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNameBytes).value
    }

    package static func stage(_ text: String, at pointer: String = "/stage") throws(FieldError) -> CustomerStage {
        guard let stage = CustomerStage(rawValue: text) else {
            throw FieldError(pointer, "invalid_value", "One of lead, active, dormant.")
        }
        return stage
    }

    package static func notes(_ text: String, at pointer: String = "/notes") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNotesBytes, multiline: true).value
    }

    /// Keeps the first of tags that are the same.
    package static func tags(_ texts: [String], at pointer: String = "/tags") throws(FieldError) -> [String] {
        guard texts.count <= maximumTags else { throw FieldError(pointer, "too_many", "At most \(maximumTags) tags.") }
        var tags: [String] = []
        for (index, text) in texts.enumerated() {
            let tag = try Text(text, at: "\(pointer)/\(index)", maximumBytes: maximumTagBytes).value
            if !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }
}

package enum CustomerError: Error, Sendable, Equatable {
    case unknown
    /// Another customer of the business has this number or address.
    case phoneTaken(by: Customer.ID?), emailTaken(by: Customer.ID?)
    /// Whoever is to look after them does not work here.
    case ownerUnknown
    /// Whoever sees their own customers alone gives them to nobody else.
    case ownerFixed
    /// The row has changed since the version the client knows.
    case changed
}

/// Some of many cannot be added, so none was.
package struct CustomersRefused: Error, Sendable {
    /// With their places among the many.
    package let errors: [(index: Int, error: CustomerError)]
}
