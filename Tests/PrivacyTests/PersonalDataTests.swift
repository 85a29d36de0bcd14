// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Foundation
import Privacy
import TestSupport
import Testing

@Suite struct PrivacyRuleTests {
    @Test func rulesAreReadAsTheyAreWritten() {
        let rules = PrivacyRule.all(
            in:
                "tenant: x\nprivacy: tenant delete after 90 days; person(created_by) keep unexported; customer mask name = 'Erased', phone = NULL"
        )
        #expect(
            rules?.map(\.action) == [
                .delete(afterDays: 90), .keep, .mask(assignments: "name = 'Erased', phone = NULL"),
            ])
        #expect(rules?.map(\.column) == ["tenant_id", "created_by", "customer_id"])
        #expect(rules?.map(\.isExported) == [true, false, true])
        #expect(PrivacyRule.all(in: "operational: x\nprivacy: none") == [])
    }

    @Test(arguments: [
        "tenant: x", "tenant: x\nprivacy: ", "tenant: x\nprivacy: tenant burn", "tenant: x\nprivacy: tenant mask",
        "tenant: x\nprivacy: tenant delete soon",
        "tenant: x\nprivacy: tenant keep forever", "tenant: x\nprivacy: none; tenant delete",
        "tenant: x\nprivacy: none\nprivacy: none",
        "tenant: x\nprivacy: tenant(a b) delete", "tenant: x\nprivacy: tenant delete after 999999 days",
    ])
    func whatCannotBeFollowedIsNoRule(_ comment: String) {
        #expect(PrivacyRule.all(in: comment) == nil)
    }
}

@Suite struct PersonalDataTests {
    /// Two businesses, each with a customer, an import and an owner; the first has a second owner.
    private struct World {
        let first = TenantID.next(), second = TenantID.next()
        let owner = UserID.next(), partner = UserID.next(), other = UserID.next()
        let asha = UUIDv7.next(), ravi = UUIDv7.next(), importID = UUIDv7.next()

        func make(in database: TestDatabase) throws {
            func hex(_ id: TenantID) -> String { id.uuid.hex }
            try database.run(
                as: "postgres",
                """
                INSERT INTO app.tenants (tenant_id, name) VALUES ('\(hex(first))', 'First Canary'), ('\(hex(second))', 'Second');
                INSERT INTO app.users (user_id, name, phone, email) VALUES
                    ('\(owner.uuid.hex)', 'Owner Canary', '+911', 'owner.canary@example.in'), ('\(partner.uuid.hex)', 'Partner', '+912', NULL),
                    ('\(other.uuid.hex)', 'Other', '+913', NULL);
                INSERT INTO app.user_passwords (user_id, hash) SELECT user_id, 'hash canary' FROM app.users;
                INSERT INTO app.login_identities (kind, value, user_id) SELECT 'phone', phone, user_id FROM app.users;
                INSERT INTO app.challenges (id, purpose, kind, value, code_hash, expires_at)
                    SELECT gen_random_uuid(), 'log_in', 'phone', phone, sha256(''), now() + interval '1 minute' FROM app.users;
                INSERT INTO app.memberships (tenant_id, user_id, role) VALUES
                    ('\(hex(first))', '\(owner.uuid.hex)', 'owner'), ('\(hex(first))', '\(partner.uuid.hex)', 'owner'),
                    ('\(hex(second))', '\(other.uuid.hex)', 'owner'), ('\(hex(second))', '\(owner.uuid.hex)', 'staff');
                INSERT INTO app.sessions (user_id, id, tenant_id, expires_at) SELECT user_id, gen_random_uuid(), tenant_id, now() + '1 day' FROM app.memberships;
                INSERT INTO app.customers (tenant_id, id, name, name_key, phone, notes) VALUES
                    ('\(hex(first))', '\(asha.hex)', 'Asha Canary', 'asha', '+919', 'likes silk'),
                    ('\(hex(second))', '\(asha.hex)', 'Asha of Second', 'asha', '+919', NULL), ('\(hex(second))', '\(ravi.hex)', 'Ravi', 'ravi', NULL, NULL);
                INSERT INTO app.customer_imports (tenant_id, id, created_by) VALUES ('\(hex(first))', '\(importID.hex)', '\(owner.uuid.hex)');
                INSERT INTO app.customer_import_parts (tenant_id, import_id, part, content) VALUES ('\(hex(first))', '\(importID.hex)', 1, 'canary');
                INSERT INTO app.customer_import_rows (tenant_id, import_id, row_number, verdict, customer_id, detail)
                    VALUES ('\(hex(first))', '\(importID.hex)', 2, 'created', '\(asha.hex)', 'Asha Canary')
                """)
        }
    }

    private func run(_ body: (TestDatabase, World) throws -> Void) async throws {
        try await TestDatabase.run { database in
            let world = World()
            try world.make(in: database)
            try body(database, world)
        }
    }

    private func data(_ database: TestDatabase) throws -> PersonalData {
        try PersonalData(url: database.url("unnati_owner"))
    }

    /// Every column of every table that says a word, whatever its type: `table.column`.
    private func places(of word: String, in database: TestDatabase) throws -> [String] {
        let connection = try AdminConnection(url: database.url("postgres"))
        let columns = try connection.run(
            """
            SELECT c.relname, a.attname, a.atttypid = 'bytea'::regtype FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('schema_fingerprints', 'erasures') ORDER BY 1, 2
            """)
        return try columns.compactMap { row in
            guard let table = row[0], let column = row[1] else { return nil }
            let text = row[2] == "t" ? "encode(\(column), 'escape')" : "replace(\(column)::text, '-', '')"
            let count = try connection.value("SELECT count(*) FROM app.\(table) WHERE \(text) ILIKE '%\(word)%'")
            return count == "0" ? nil : "\(table).\(column)"
        }
    }

    @Test func ofABusinessNothingIsLeftAndAnothersStays() async throws {
        try await run { database, world in
            #expect(try places(of: world.first.uuid.hex, in: database).count >= 7)
            let before = try database.run(
                as: "postgres", "SELECT count(*) FROM app.customers WHERE tenant_id = '\(world.second.uuid.hex)'")
            let trial = try data(database).erase(.tenant(world.first), isTrial: true)
            #expect(try places(of: "First Canary", in: database) == ["tenants.name"])

            let outcomes = try data(database).erase(.tenant(world.first))

            #expect(outcomes == trial)
            #expect(
                outcomes.map(\.table).sorted()
                    == [
                        "customer_import_parts", "customer_import_rows", "customer_imports", "customers", "memberships",
                        "sessions", "tenants",
                    ].map { "app.\($0)" })
            #expect(try places(of: world.first.uuid.hex, in: database) == [])
            #expect(try places(of: "First Canary", in: database) == [])
            #expect(try places(of: "Asha Canary", in: database) == [])
            #expect(
                try database.run(
                    as: "postgres", "SELECT count(*) FROM app.customers WHERE tenant_id = '\(world.second.uuid.hex)'")
                    == before)
            // Access tokens of the sessions that went are good no more.
            #expect(try database.run(as: "postgres", "SELECT count(*) FROM app.session_revocations") == [["2"]])
            #expect(try database.run(as: "postgres", "SELECT subject FROM app.erasures") == [["tenant"]])
            #expect(throws: PrivacyError.self) { try data(database).erase(.tenant(world.first)) }
        }
    }

    @Test func aPersonBecomesNobody() async throws {
        try await run { database, world in
            let outcomes = try data(database).erase(.person(world.owner))

            #expect(outcomes.count == 6)
            #expect(try places(of: "Owner Canary", in: database) == [])
            #expect(try places(of: "owner.canary", in: database) == [])
            #expect(
                try places(of: world.owner.uuid.hex, in: database).sorted() == [
                    "customer_imports.created_by", "memberships.user_id", "users.email", "users.user_id",
                ])
            #expect(try database.run(as: "postgres", "SELECT count(*) FROM app.login_identities") == [["2"]])
            #expect(try database.run(as: "postgres", "SELECT count(*) FROM app.session_revocations") == [["2"]])
            #expect(
                try database.run(as: "postgres", "SELECT value FROM app.challenges ORDER BY value") == [
                    ["+912"], ["+913"],
                ])
            // The other owner goes on; who is a business's only one has to see to it first.
            let error = #expect(throws: PrivacyError.self) { try data(database).erase(.person(world.partner)) }
            #expect(error?.description.contains("the only owner of First Canary") == true)
        }
    }

    @Test func aCustomerIsErasedInOneBusinessOnly() async throws {
        try await run { database, world in
            let outcomes = try data(database).erase(.customer(world.asha, of: world.first))
            #expect(outcomes.map(\.rows) == [1, 1])
            #expect(try places(of: "Asha Canary", in: database) == [])
            #expect(try places(of: "Asha of Second", in: database) == ["customers.name"])
            #expect(throws: PrivacyError.self) { try data(database).erase(.customer(world.ravi, of: world.first)) }
        }
    }

    @Test func anExportHasEveryRowAndNoSecret() async throws {
        try await run { database, world in
            func export(_ subject: PrivacySubject) throws -> [String: [[String: Any]]] {
                var text = ""
                try data(database).export(subject) { text += $0 }
                let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                return document?["tables"] as? [String: [[String: Any]]] ?? [:]
            }
            let business = try export(.tenant(world.first))
            #expect(business["customers"]?.first?["name"] as? String == "Asha Canary")
            #expect(business["memberships"]?.count == 2)
            #expect(business["customer_import_parts"] == nil)

            let person = try export(.person(world.owner))
            #expect(person["login_identities"]?.count == 1 && person["sessions"]?.count == 2)
            #expect(person["user_passwords"] == nil)

            let customer = try export(.customer(world.asha, of: world.second))
            #expect(customer["customers"]?.map { $0["name"] as? String } == ["Asha of Second"])
            #expect(customer["customer_import_rows"]?.count == 0)
            #expect(throws: PrivacyError.self) { try export(.tenant(.next())) }
        }
    }

    /// A table that nobody has thought of stops an erasure, and so does one whose rule forgets the subject.
    @Test func aNewTableIsCoveredOrStopsEverything() async throws {
        try await run { database, world in
            let create =
                "CREATE TABLE app.notes (tenant_id uuid, body text); INSERT INTO app.notes VALUES ('\(world.first.uuid.hex)', 'x');"
            try database.run(as: "unnati_owner", create)
            #expect(throws: PrivacyError.self) { _ = try data(database) }

            try database.run(as: "unnati_owner", "COMMENT ON TABLE app.notes IS E'operational: x\\nprivacy: none'")
            let error = #expect(throws: PrivacyError.self) { try data(database).erase(.tenant(world.first)) }
            #expect(
                error?.description.contains("1 row(s) of app.notes would still name the subject in tenant_id") == true)
            #expect(try places(of: "First Canary", in: database) == ["tenants.name"])

            try database.run(
                as: "unnati_owner", "COMMENT ON TABLE app.notes IS E'tenant: x\\nprivacy: tenant delete after 30 days'")
            try data(database).erase(.tenant(world.first))
            #expect(try places(of: world.first.uuid.hex, in: database) == ["notes.tenant_id"])
            #expect(try data(database).eraseWhatIsDue() == [])
            #expect(try places(of: world.first.uuid.hex, in: database) == ["notes.tenant_id"])
            try database.run(as: "postgres", "UPDATE app.erasures SET erased_at = now() - interval '31 days'")
            #expect(try data(database).eraseWhatIsDue().map(\.table) == ["app.notes"])
            #expect(try places(of: world.first.uuid.hex, in: database) == [])
        }
    }

    @Test func everyTableOfTheSchemaHasARule() async throws {
        try await TestDatabase.run { database in
            let rules = try data(database).rules
            #expect(Set(rules.map(\.table)).count >= 9)
        }
    }

    @Test func whoeverIsBoundByRowSecurityIsRefused() async throws {
        try await TestDatabase.run { database in
            #expect(throws: PrivacyError.self) { _ = try PersonalData(url: database.url()) }
        }
    }
}
