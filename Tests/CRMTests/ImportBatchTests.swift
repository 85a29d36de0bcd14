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

    @Test func anAddressSharedByTwoPhonesIsNotMerged() {
        var batch = ImportBatch(existing: [customer(fields("Father", phone: "9812345678", email: "family@example.in"))])

        batch.take(2, fields("Son", phone: "9812345679", email: "family@example.in"))

        #expect(batch.verdicts.first?.reason?.code == "email_of_another_customer")
    }
}
