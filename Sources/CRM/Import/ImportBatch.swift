// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Decides what becomes of some rows of a file, given the customers that have one of their numbers or addresses.
///
/// A row belongs to the customer with its phone number, else to the one with its e-mail address or its WhatsApp id, else it is a
/// new customer.
/// A value in the file wins over what was there; an empty cell leaves it; tags and further numbers are added. Later rows of the
/// file see what earlier ones did, so a customer who stands in it twice is folded into one, and each of the rows gets its verdict.
package struct ImportBatch {
    private struct Entry {
        let id: Customer.ID
        /// As they were before; nil for one who is new.
        let old: CustomerFields?
        var fields: CustomerFields
    }

    private let policy: ImportPolicy
    private var entries: [Entry] = []
    private var byPhone: [PhoneNumber: Int] = [:]
    private var byEmail: [EmailAddress: Int] = [:]
    private var byWhatsAppID: [String: Int] = [:]
    package private(set) var verdicts: [CustomerImportRow] = []

    package init(existing: [Customer], policy: ImportPolicy = .update) {
        self.policy = policy
        for customer in existing { add(Entry(id: customer.id, old: customer.fields, fields: customer.fields)) }
    }

    /// Customers that are new.
    package var additions: [(id: Customer.ID, fields: CustomerFields)] {
        entries.filter { $0.old == nil }.map { ($0.id, $0.fields) }
    }

    /// Customers that were there and are changed.
    package var changes: [(id: Customer.ID, old: CustomerFields, fields: CustomerFields)] {
        entries.compactMap { entry in
            guard let old = entry.old, old != entry.fields else { return nil }
            return (entry.id, old, entry.fields)
        }
    }

    /// - Parameter cells: as they stand in the file.
    mutating func reject(_ number: Int, _ code: String, _ detail: String, _ cells: [String]) {
        verdicts.append(
            CustomerImportRow(
                number: number, verdict: .rejected, customerID: nil, reason: (code, detail), cells: cells))
    }

    /// - Parameters:
    ///   - cells: as they stand in the file.
    ///   - problem: what of the row is left out.
    package mutating func take(
        _ number: Int, _ row: CustomerFields, _ cells: [String] = [], problem: (code: String, detail: String)? = nil
    ) {
        func verdict(_ verdict: CustomerImport.Verdict, _ id: Customer.ID) -> CustomerImportRow {
            CustomerImportRow(number: number, verdict: verdict, customerID: id, reason: problem, cells: nil)
        }
        let phoneHolder = row.phone.flatMap { byPhone[$0] }, emailHolder = row.email.flatMap { byEmail[$0] }
        let whatsAppHolder = row.whatsAppID.flatMap { byWhatsAppID[$0] }
        guard let holder = phoneHolder ?? emailHolder ?? whatsAppHolder else {
            let id = Customer.ID.next()
            add(Entry(id: id, old: nil, fields: row))
            return verdicts.append(verdict(.created, id))
        }
        guard emailHolder ?? holder == holder, whatsAppHolder ?? holder == holder else {
            return reject(
                number, "matches_two_customers",
                "The phone number, the e-mail address and the WhatsApp id do not all belong to the same customer.",
                cells)
        }
        // Somebody who stands in the file twice is folded into one, whatever is done with those who were there before.
        if entries[holder].old != nil {
            switch policy {
            case .update: break
            case .skip: return verdicts.append(verdict(.skipped, entries[holder].id))
            case .create:
                return reject(
                    number, "there_already", "Somebody with this number or address is a customer already.", cells)
            }
        }
        if phoneHolder == nil, let phone = row.phone, let known = entries[holder].fields.phone, phone != known {
            return emailHolder != nil
                ? reject(
                    number, "email_of_another_customer",
                    "The e-mail address belongs to a customer with another phone number.", cells)
                : reject(
                    number, "whatsapp_id_of_another_customer",
                    "The WhatsApp id belongs to a customer with another phone number.", cells)
        }
        if let id = row.whatsAppID, let known = entries[holder].fields.whatsAppID, id != known {
            return reject(number, "other_whatsapp_id", "The customer is known by another WhatsApp id.", cells)
        }
        merge(row, into: holder)
        verdicts.append(verdict(.updated, entries[holder].id))
    }

    private mutating func add(_ entry: Entry) {
        if let phone = entry.fields.phone { byPhone[phone] = entries.count }
        if let email = entry.fields.email { byEmail[email] = entries.count }
        if let id = entry.fields.whatsAppID { byWhatsAppID[id] = entries.count }
        entries.append(entry)
    }

    private mutating func merge(_ row: CustomerFields, into index: Int) {
        var fields = entries[index].fields
        fields.take(row)
        if fields.email != entries[index].fields.email {
            if let old = entries[index].fields.email { byEmail[old] = nil }
            if let email = fields.email { byEmail[email] = index }
        }
        if let phone = fields.phone { byPhone[phone] = index }
        if let id = fields.whatsAppID { byWhatsAppID[id] = index }
        entries[index].fields = fields
    }
}

extension CustomerFields {
    /// Takes over what a row says; what it does not say stays.
    fileprivate mutating func take(_ row: CustomerFields) {
        name = row.name ?? name
        phone = row.phone ?? phone
        email = row.email ?? email
        whatsAppID = row.whatsAppID ?? whatsAppID
        address = row.address ?? address
        city = row.city ?? city
        state = row.state ?? state
        pinCode = row.pinCode ?? pinCode
        gstin = row.gstin ?? gstin
        birthday = row.birthday ?? birthday
        anniversary = row.anniversary ?? anniversary
        language = row.language ?? language
        source = row.source ?? source
        notes = row.notes ?? notes
        if row.stage != .lead { stage = row.stage }
        custom.merge(row.custom) { _, new in new }
        for tag in row.tags where !tags.contains(tag) && tags.count < Self.maximumTags { tags.append(tag) }
        for other in row.otherPhones where !otherPhones.contains(other) && otherPhones.count < Self.maximumOthers {
            otherPhones.append(other)
        }
        for other in row.otherEmails where !otherEmails.contains(other) && otherEmails.count < Self.maximumOthers {
            otherEmails.append(other)
        }
    }
}
