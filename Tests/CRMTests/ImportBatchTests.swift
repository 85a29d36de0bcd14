// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

@Suite struct ImportBatchTests {
    private func fields(_ name: String? = nil, phone: String? = nil, email: String? = nil, tags: [String] = [])
        -> CustomerFields
    {
        var fields = CustomerFields()
        fields.name = name
        fields.phone = phone.flatMap { PhoneNumber($0) }
        fields.email = email.flatMap { EmailAddress($0) }
        fields.tags = tags
        return fields
    }

    private func customer(_ fields: CustomerFields) -> Customer {
        var fields = fields
        fields.stage = .active
        fields.notes = "old"
        return Customer(id: .next(), fields: fields, version: 1, createdAt: .now(), updatedAt: .now())
    }

    @Test func rowsOfOneCustomerAreFoldedWithAVerdictEach() {
        var batch = ImportBatch(existing: [])

        batch.take(2, fields("Asha", phone: "9812345678", tags: ["a"]))
        batch.take(3, fields("Asha Rao", phone: "+91 98123 45678", email: "asha@example.in", tags: ["b", "a"]))
        batch.take(4, fields(email: "asha@example.in"))

        #expect(batch.verdicts.map(\.verdict) == [.created, .updated, .updated])
        #expect(Set(batch.verdicts.map(\.customerID)).count == 1)
        #expect(batch.additions.count == 1)
        #expect(
            batch.additions.first?.fields
                == fields("Asha Rao", phone: "9812345678", email: "asha@example.in", tags: ["a", "b"]))
    }

    @Test func anEmptyCellLeavesWhatIsThere() {
        let known = customer(fields("Asha", phone: "9812345678"))
        var batch = ImportBatch(existing: [known])

        batch.take(2, fields(phone: "9812345678"))
        batch.take(3, fields(phone: "9812345678", email: "asha@example.in"))

        #expect(batch.verdicts.map(\.customerID) == [known.id, known.id])
        #expect(batch.changes.first?.fields.name == "Asha")
        #expect(batch.changes.first?.fields.notes == "old")
    }

    @Test func aRowThatFitsTwoCustomersChangesNeither() {
        var batch = ImportBatch(existing: [
            customer(fields(phone: "9812345678")), customer(fields(email: "b@example.in")),
        ])

        batch.take(2, fields(phone: "9812345678", email: "b@example.in"))

        #expect(batch.verdicts.first?.reason?.code == "matches_two_customers")
        #expect(batch.changes.isEmpty)
    }

    @Test func whoeverIsKnownByWhatsAppIsFoundByIt() {
        func row(_ whatsAppID: String, _ name: String? = nil, phone: String? = nil) -> CustomerFields {
            var fields = fields(name, phone: phone)
            fields.whatsAppID = whatsAppID
            return fields
        }
        var batch = ImportBatch(existing: [
            customer(row("IN.1")), customer(row("IN.2", phone: "9812345678")), customer(fields(phone: "9812345670")),
        ])

        batch.take(2, row("IN.1", "Asha", phone: "9812345679"))
        batch.take(3, row("IN.2", phone: "9812345671"))
        batch.take(4, row("IN.2", phone: "9812345670"))
        batch.take(5, row("IN.3", phone: "9812345678"))
        batch.take(6, row("IN.4", phone: "9812345670"))
        batch.take(7, row("IN.5"))
        batch.take(8, row("IN.5", "Ravi"))

        #expect(
            batch.verdicts.map { $0.reason?.code } == [
                nil, "whatsapp_id_of_another_customer", "matches_two_customers", "other_whatsapp_id", nil, nil, nil,
            ])
        #expect(batch.changes.map(\.fields.whatsAppID) == ["IN.1", "IN.4"])
        #expect(batch.additions.map(\.fields.name) == ["Ravi"])
    }

    @Test func anAddressSharedByTwoPhonesIsNotMerged() {
        var batch = ImportBatch(existing: [customer(fields("Father", phone: "9812345678", email: "family@example.in"))])

        batch.take(2, fields("Son", phone: "9812345679", email: "family@example.in"))

        #expect(batch.verdicts.first?.reason?.code == "email_of_another_customer")
    }
}
