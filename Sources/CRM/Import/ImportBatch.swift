// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Decides what becomes of some rows of a file, given the customers that have one of their numbers or addresses.
///
/// A row belongs to the customer with its phone number, else to the one with its e-mail address, else it is a new customer.
/// A value in the file wins over what was there; an empty cell leaves it; tags are added. Later rows of the file see what
/// earlier ones did, so a customer who stands in it twice is folded into one, and each of the rows gets its verdict.
package struct ImportBatch {
    private struct Entry {
        let id: Customer.ID
        var fields: CustomerFields
        var isChanged: Bool
    }

    private var entries: [Entry] = []
    private var byPhone: [PhoneNumber: Int] = [:]
    private var byEmail: [EmailAddress: Int] = [:]
    package private(set) var verdicts: [CustomerImportRow] = []

    package init(existing: [Customer]) {
        for customer in existing { add(Entry(id: customer.id, fields: customer.fields, isChanged: false)) }
    }

    /// What must be written.
    package var changes: [(id: Customer.ID, fields: CustomerFields)] {
        entries.filter(\.isChanged).map { ($0.id, $0.fields) }
    }

    mutating func reject(_ number: Int, _ code: String, _ detail: String) {
        verdicts.append(CustomerImportRow(number: number, verdict: .rejected, customerID: nil, reason: (code, detail)))
    }

    package mutating func take(_ number: Int, _ row: CustomerFields) {
        let phoneHolder = row.phone.flatMap { byPhone[$0] }, emailHolder = row.email.flatMap { byEmail[$0] }
        if let phoneHolder, let emailHolder, phoneHolder != emailHolder {
            return reject(
                number, "matches_two_customers",
                "The phone number and the e-mail address belong to two different customers.")
        }
        guard let holder = phoneHolder ?? emailHolder else {
            let id = Customer.ID.next()
            add(Entry(id: id, fields: row, isChanged: true))
            verdicts.append(CustomerImportRow(number: number, verdict: .created, customerID: id, reason: nil))
            return
        }
        if phoneHolder == nil, let phone = row.phone, let known = entries[holder].fields.phone, phone != known {
            return reject(
                number, "email_of_another_customer",
                "The e-mail address belongs to a customer with another phone number.")
        }
        merge(row, into: holder)
        verdicts.append(
            CustomerImportRow(number: number, verdict: .updated, customerID: entries[holder].id, reason: nil))
    }

    private mutating func add(_ entry: Entry) {
        if let phone = entry.fields.phone { byPhone[phone] = entries.count }
        if let email = entry.fields.email { byEmail[email] = entries.count }
        entries.append(entry)
    }

    private mutating func merge(_ row: CustomerFields, into index: Int) {
        var fields = entries[index].fields
        fields.name = row.name ?? fields.name
        fields.phone = row.phone ?? fields.phone
        fields.notes = row.notes ?? fields.notes
        for tag in row.tags where !fields.tags.contains(tag) && fields.tags.count < CustomerFields.maximumTags {
            fields.tags.append(tag)
        }
        if let email = row.email, email != fields.email {
            if let old = fields.email { byEmail[old] = nil }
            fields.email = email
            byEmail[email] = index
        }
        if let phone = fields.phone { byPhone[phone] = index }
        entries[index].isChanged = entries[index].isChanged || fields != entries[index].fields
        entries[index].fields = fields
    }
}
