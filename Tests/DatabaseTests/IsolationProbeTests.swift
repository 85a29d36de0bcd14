// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import TestSupport
import Testing

/// The border between businesses, tried from inside.
@Suite struct IsolationProbeTests {
    private func broken(_ database: TestDatabase) throws -> Set<String> {
        let results = try IsolationProbe.run(url: database.url())
        return Set(
            results.compactMap { result in
                if case .broken = result.outcome { "\(result.table) \(result.attempt.rawValue)" } else { nil }
            })
    }

    @Test func noWayAcrossIsFoundAndNothingStays() async throws {
        try await TestDatabase.run { database in
            let results = try IsolationProbe.run(url: database.url())
            #expect(try broken(database) == [])
            // It must have been able to try: a probe that may do nothing finds nothing.
            let held = results.filter { $0.table == "customers" && $0.outcome == .held }.map(\.attempt)
            #expect(Set(held) == Set(IsolationProbe.Attempt.allCases).subtracting([.reference]))
            let tied = results.filter { $0.attempt == .reference && $0.outcome == .held }.map(\.table)
            #expect(
                Set(tied) == [
                    "sessions", "customer_imports", "customer_import_parts", "customer_import_rows",
                    "customer_field_values",
                    "consent_events", "consent_notice_texts", "consents", "customer_activity", "customer_changes",
                    "customer_merges", "customer_search_keys", "customers_apart", "deal_moves", "deals",
                    "do_not_contact", "follow_ups", "interactions", "invitations", "ledger_balances",
                    "ledger_entries", "pipeline_stages",
                    "api_keys", "data_exports",
                ])
            #expect(try database.run(as: "postgres", "SELECT count(*) FROM app.tenants") == [["0"]])
        }
    }

    /// What is done to the schema, and the attempts that must then succeed.
    private static let breaches: [(sql: String, ways: Set<String>)] = [
        (
            "ALTER POLICY customers_tenant ON app.customers USING (true)",
            ["customers read", "customers update", "customers delete", "customers unset"]
        ),
        ("ALTER POLICY customers_tenant ON app.customers WITH CHECK (true)", ["customers insert"]),
        (
            "ALTER TABLE app.customers DISABLE ROW LEVEL SECURITY",
            [
                "customers read", "customers insert", "customers update", "customers move", "customers delete",
                "customers upsert",
                "customers unset",
            ]
        ),
        (
            "ALTER POLICY sessions_person ON app.sessions USING (true)",
            ["sessions read", "sessions update", "sessions unset"]
        ),
        (
            "ALTER TABLE app.customer_import_rows DROP CONSTRAINT customer_import_rows_import_fkey",
            ["customer_import_rows reference"]
        ),
        ("ALTER TABLE app.sessions DROP CONSTRAINT sessions_membership_fkey", ["sessions reference"]),
        (
            "GRANT SELECT ON app.login_identities TO unnati_app; CREATE POLICY x ON app.login_identities TO unnati_app USING (true)",
            ["login_identities read"]
        ),
        (
            "CREATE TABLE app.invoices (tenant_id uuid); COMMENT ON TABLE app.invoices IS 'tenant: what is owed'",
            ["invoices read"]
        ),
    ]

    @Test(arguments: breaches) func aBreachIsSeen(_ sql: String, _ ways: Set<String>) async throws {
        try await TestDatabase.run { database in
            try database.run(as: "postgres", sql)
            let found = try broken(database)
            #expect(ways.isSubset(of: found), "\(sql): \(found)")
        }
    }

    @Test func whoIsNotBoundByRowSecurityCannotProbe() async throws {
        try await TestDatabase.run { database in
            #expect(throws: AdminError.self) { try IsolationProbe.run(url: database.url("unnati_owner")) }
        }
    }
}
