// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

// The words of which consent is made. A closed set: whoever sends a message says which of these it is.

/// By which way a customer is reached. Spelled the same in SQL and JSON.
package enum ConsentChannel: String, Sendable, CaseIterable {
    case whatsApp = "whatsapp"
    case sms, email, call
}

/// What a customer is written to for. Spelled the same in SQL and JSON.
package enum ConsentPurpose: String, Sendable, CaseIterable {
    /// Bills, news of an order, reminders of what is due: what somebody expects who gives their number (DPDP Act 2023, s. 7(a)).
    case service
    /// Offers, and greetings on festivals.
    case marketing
    /// Asking them to recommend the business, and telling what came of it.
    case referral

    /// Whether it advertises: then it needs a yes, goes to adults alone, and by day.
    package var isPromotional: Bool { self != .service }
}

/// By which way a yes or a no came in. Spelled the same in SQL and JSON.
package enum ConsentWay: String, Sendable, CaseIterable {
    case inPerson = "in_person"
    case form
    case whatsApp = "whatsapp"
    case sms, email, phone
    /// Out of a file, from an older book.
    case `import`
    /// A program of the business has told it.
    case api
}

/// Why a customer is not to be contacted, the gravest first. Spelled the same in SQL and JSON.
package enum DoNotContactReason: String, Sendable, CaseIterable {
    case deceased
    /// They have asked to be left alone.
    case asked
    /// The number or address is somebody else's.
    case wrongNumber = "wrong_number"
    case dispute
    /// Under 18: nothing that advertises (DPDP Act 2023, s. 9(3)). All else goes on.
    case minor
    /// As the note says.
    case other

    /// Whether it is about who they are: then it holds on every channel, whichever it was noted for.
    package var isOfThePerson: Bool { self == .deceased || self == .minor }
}
