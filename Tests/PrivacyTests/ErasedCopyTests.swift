// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Foundation
import Privacy
import TestSupport
import Testing

/// What is kept of a customer after they are erased.
@Suite struct ErasedCopyTests {
    private let tenant = TenantID.next(), other = TenantID.next(), asha = UUIDv7.next(), twin = UUIDv7.next()
    private let key = ErasedCopyOpeningKey()

    private func run(_ body: (TestDatabase) throws -> Void) async throws {
        try await TestDatabase.run { database in
            // More than one piece, so that each can go missing.
            try database.run(
                as: "postgres",
                """
                INSERT INTO app.tenants (tenant_id, name) VALUES ('\(tenant.uuid.hex)', 'First'), ('\(other.uuid.hex)', 'Second');
                INSERT INTO app.customers (tenant_id, id, name, name_key, phone) VALUES
                    ('\(tenant.uuid.hex)', '\(asha.hex)', 'Asha Canary', 'asha', '+919'),
                    ('\(other.uuid.hex)', '\(asha.hex)', 'Asha of Second', 'asha', '+919');
                INSERT INTO app.customers (tenant_id, id, name, name_key, deleted_at, merged_into)
                    VALUES ('\(tenant.uuid.hex)', '\(twin.hex)', 'Twin Canary', 'twin', now(), '\(asha.hex)');
                INSERT INTO app.customer_changes (tenant_id, id, customer_id, kind, actor, fields)
                    SELECT '\(tenant.uuid.hex)', gen_random_uuid(), '\(asha.hex)', 'updated', 'system',
                           jsonb_build_object('notes', jsonb_build_object('to', 'Canary ' || repeat('x', 4000)))
                    FROM generate_series(1, 150)
                """)
            try body(database)
        }
    }

    private func erase(_ database: TestDatabase) throws {
        let sealing = try #require(ErasedCopySealingKey(key.sealingText))
        let data = try PersonalData(url: database.url("unnati_owner"), copyKey: sealing)
        _ = try data.erase(.customer(asha, of: tenant), isTrial: true)
        #expect(try countCopies(database) == "0")
        try data.erase(.customer(asha, of: tenant))
    }

    private func countCopies(_ database: TestDatabase) throws -> String? {
        try database.run(as: "postgres", "SELECT count(DISTINCT id) FROM app.erased_copies")[0][0]
    }

    private func opened(
        _ database: TestDatabase, _ customer: UUIDv7? = nil, of tenant: TenantID? = nil,
        with key: ErasedCopyOpeningKey? = nil
    ) throws -> [Data] {
        try PersonalData(url: database.url("unnati_owner"))
            .open(customer ?? asha, of: tenant ?? self.tenant, with: key ?? self.key)
    }

    @Test func aCopyThatNothingHereOpensIsKeptForAYear() async throws {
        try await run { database in
            try erase(database)
            // Neither in clear nor for another key, and for no other customer.
            let clear = try database.run(
                as: "postgres",
                "SELECT count(*) FROM app.erased_copies WHERE encode(content, 'escape') ~* 'canary|919|xxxx'")
            #expect(clear == [["0"]])
            #expect(try database.run(as: "postgres", "SELECT count(*) FROM app.customers") == [["1"]])
            #expect(throws: PrivacyError.self) { _ = try opened(database, with: ErasedCopyOpeningKey()) }
            #expect(try opened(database, of: other) == [])
            #expect(throws: (any Error).self) { try database.run(as: "unnati_app", "SELECT * FROM app.erased_copies") }

            let copies = try opened(database)
            // Also by the id of one who had been merged into them.
            #expect(copies.count == 1)
            #expect(try opened(database, twin) == copies)
            let document = try JSONSerialization.jsonObject(with: try #require(copies.first)) as? [String: Any]
            let tables = try #require(document?["tables"] as? [String: [[String: Any]]])
            #expect(
                Set(tables["customers"]?.compactMap { $0["name"] as? String } ?? []) == ["Asha Canary", "Twin Canary"])
            #expect(tables["customer_changes"]?.count == 150)

            let data = try PersonalData(url: database.url("unnati_owner"))
            try database.run(as: "postgres", "UPDATE app.erasures SET erased_at = now() - interval '364 days'")
            #expect(try data.eraseWhatIsDue() == [])
            try database.run(as: "postgres", "UPDATE app.erasures SET erased_at = now() - interval '365 days'")
            #expect(try data.eraseWhatIsDue().map(\.table) == ["app.erased_copies"])
            #expect(try countCopies(database) == "0")
        }
    }

    @Test func aCopyThatIsNotWholeIsNotOpened() async throws {
        for damage in [
            "DELETE FROM app.erased_copies WHERE part = (SELECT max(part) FROM app.erased_copies)",
            "DELETE FROM app.erased_copies WHERE part = 1",
            "UPDATE app.erased_copies SET content = set_byte(content, 5, get_byte(content, 5) # 1) WHERE part = 1",
            """
            UPDATE app.erased_copies a SET content = b.content FROM app.erased_copies b
            WHERE b.id = a.id AND a.part IN (1, 2) AND b.part = 3 - a.part
            """,
        ] {
            try await run { database in
                try erase(database)
                try database.run(as: "postgres", damage)
                #expect(throws: PrivacyError.self, "\(damage)") { _ = try opened(database) }
            }
        }
    }

    @Test func withoutAKeyNothingIsKept() async throws {
        try await run { database in
            try PersonalData(url: database.url("unnati_owner")).erase(.customer(asha, of: tenant))
            #expect(try countCopies(database) == "0")
        }
    }
}
