// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What tells the customers of a business apart: no two have the same.
package enum CustomerIdentifier: Hashable, Sendable { case phone, email, whatsAppID }

extension DatabaseError {
    /// What of a customer to be written is somebody else's; nil for any other error.
    package var takenIdentifier: CustomerIdentifier? {
        // Until the last build that knows no bin is gone, two constraints of its own stand beside the indexes.
        if violates("customers_phone_alive") || violates("customers_phone") { return .phone }
        if violates("customers_email_alive") || violates("customers_email") { return .email }
        return violates("customers_whatsapp_id") ? .whatsAppID : nil
    }
}

extension CustomerError {
    init(_ taken: CustomerIdentifier, by holder: Customer.ID?) {
        switch taken {
        case .phone: self = .phoneTaken(by: holder)
        case .email: self = .emailTaken(by: holder)
        case .whatsAppID: self = .whatsAppTaken(by: holder)
        }
    }
}

/// Who has which number, address and WhatsApp id.
struct IdentifierHolders {
    private struct Key: Hashable { let identifier: CustomerIdentifier, text: String }

    private var holders: [Key: Customer.ID] = [:]

    private static func keys(of fields: CustomerFields) -> [Key] {
        [(.phone, fields.phone?.e164), (.email, fields.email?.address), (.whatsAppID, fields.whatsAppID)].compactMap {
            (identifier: CustomerIdentifier, text: String?) in text.map { Key(identifier: identifier, text: $0) }
        }
    }

    mutating func note(_ id: Customer.ID, _ fields: CustomerFields) {
        for key in Self.keys(of: fields) { holders[key] = id }
    }

    /// The first of theirs that somebody has, and who.
    /// - Parameter exception: whose it may be.
    func holder(of fields: CustomerFields, except exception: Customer.ID? = nil) -> (CustomerIdentifier, Customer.ID)? {
        for key in Self.keys(of: fields) {
            if let holder = holders[key], holder != exception { return (key.identifier, holder) }
        }
        return nil
    }
}
