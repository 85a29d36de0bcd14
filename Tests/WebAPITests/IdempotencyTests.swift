// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct IdempotencyTests {
    /// The same request is the same bytes.
    private func create(_ tenant: TestTenant, key: String, _ json: [String: String]) async throws -> RawClient.Reply {
        let body = try JSONSerialization.data(withJSONObject: json, options: .sortedKeys)
        return try await tenant.api.request(
            "POST", "/v1/customers", token: tenant.token,
            headers: [("Content-Type", "application/json"), ("Idempotency-Key", key)], body: Array(body))
    }

    private func count(_ api: TestAPI) throws -> String? {
        try api.database.run(as: "postgres", "SELECT count(*) FROM app.customers").first?.first ?? nil
    }

    @Test func aWriteThatIsSentAgainIsDoneOnceAndAnsweredAlike() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let first = try await create(acme, key: "5f0c2f0e", ["name": "Asha", "phone": "9876543210"])
            let again = try await create(acme, key: "5f0c2f0e", ["name": "Asha", "phone": "9876543210"])
            let quoted = try await create(acme, key: "\"5f0c2f0e\"", ["name": "Asha", "phone": "9876543210"])

            #expect(first.status == 201 && first.header("Idempotent-Replayed") == nil)
            for reply in [again, quoted] {
                #expect(reply.status == 201)
                #expect(reply.header("Idempotent-Replayed") == "true")
                #expect(reply.text == first.text)
                #expect(reply.header("Location") == first.header("Location"))
                #expect(reply.header("ETag") == first.header("ETag"))
            }
            #expect(try count(api) == "1")
        }
    }

    @Test func aKeyIsForOneRequestOfOnePersonInOneBusiness() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            _ = try await create(acme, key: "k", ["name": "Asha"])
            let reused = try await create(acme, key: "k", ["name": "Ravi"])
            let another = try await create(other, key: "k", ["name": "Ravi"])

            #expect(reused.status == 422 && reused.problemCode == "idempotency_key_reused")
            #expect(another.status == 201 && another.header("Idempotent-Replayed") == nil)
            #expect(!another.text.contains("Asha"))
        }
    }

    @Test func whatWasRefusedKeepsNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await create(acme, key: "holder", ["name": "Asha", "phone": "9876543210"])
            let invalid = try await create(acme, key: "k", ["name": ""])
            let taken = try await create(acme, key: "k", ["name": "Ravi", "phone": "9876543210"])
            let created = try await create(acme, key: "k", ["name": "Ravi"])

            #expect(invalid.status == 422)
            #expect(taken.status == 409 && taken.problemCode == "customer_phone_taken")
            #expect(created.status == 201)
        }
    }

    @Test(arguments: ["", "\"\"", String(repeating: "k", count: 256), "schlüssel"])
    func whatIsNoKeyIsSaidToBeNone(_ key: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await create(acme, key: key, ["name": "Asha"])
            #expect(reply.status == 400 && reply.problemCode == "idempotency_key_invalid")
            #expect(try count(api) == "0")
        }
    }

    @Test func ofManyAtOnceOneIsDoneAndTheOthersWaitOrAreAnsweredAlike() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            // The effect takes a moment, so that they meet.
            try api.database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION app.slow()
                """)
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for _ in 0..<8 { group.addTask { try await create(acme, key: "k", ["name": "Asha"]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let done = replies.filter { $0.status == 201 }, waiting = replies.filter { $0.status == 409 }
            #expect(done.count + waiting.count == 8 && !waiting.isEmpty)
            #expect(Set(done.map(\.text)).count == 1)
            #expect(
                waiting.allSatisfy {
                    $0.problemCode == "idempotency_key_in_progress" && $0.header("Retry-After") == "1"
                })
            #expect(try count(api) == "1")
            let later = try await create(acme, key: "k", ["name": "Asha"])
            #expect(later.header("Idempotent-Replayed") == "true")
        }
    }

    @Test func aKeyWhoseFirstRequestStillRunsIsForNoOther() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try api.database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION app.slow()
                """)
            async let first = create(acme, key: "k", ["name": "Asha"])
            try await Task.sleep(for: .milliseconds(200))
            let other = try await create(acme, key: "k", ["name": "Ravi"])
            #expect(other.status == 409 && other.problemCode == "idempotency_key_in_progress")
            #expect(try await first.status == 201)
            let later = try await create(acme, key: "k", ["name": "Ravi"])
            #expect(later.status == 422 && later.problemCode == "idempotency_key_reused")
            #expect(try count(api) == "1")
        }
    }

    @Test func aKeyOfTenThousandBytesIsTooLongForAHeader() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            // Whatever the operation, so it is described of none.
            let reply = try await RawClient.exchange(
                port: api.port, "POST", "/v1/customers",
                headers: [
                    ("Authorization", "Bearer \(acme.token)"), ("Content-Type", "application/json"),
                    ("Idempotency-Key", String(repeating: "k", count: 10_000)),
                ], body: Array(#"{"name":"Asha"}"#.utf8))
            #expect(reply.status == 431 && reply.problemCode == "headers_too_large")
            #expect(try count(api) == "0")
        }
    }

    @Test func aKeyIsForgottenAfterADay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for key in ["a", "b"] { _ = try await create(acme, key: key, ["name": "Asha"]) }
            _ = try await found(acme, key: "a", "Second")
            let sweeps = "SELECT count(*) FROM app.jobs WHERE kind = 'idempotency_sweep' AND state = 'scheduled'"
            // One for the business and one for the person, however many keys they have used today.
            #expect(try api.database.run(as: "postgres", sweeps) == [["2"]])
            for table in ["idempotency_keys", "person_idempotency_keys"] {
                try api.database.run(
                    as: "postgres", "UPDATE app.\(table) SET created_at = now() - interval '25 hours'")
            }

            let again = try await create(acme, key: "a", ["name": "Asha"])
            #expect(again.status == 201 && again.header("Idempotent-Replayed") == nil)
            #expect(try count(api) == "3")

            // A day and a half later.
            try api.database.run(
                as: "postgres", "UPDATE app.jobs SET run_at = now() WHERE kind = 'idempotency_sweep'")
            let left = """
                SELECT (SELECT count(*) FROM app.idempotency_keys), (SELECT count(*) FROM app.person_idempotency_keys)
                """
            let deadline = ContinuousClock.now + .seconds(10)
            while try api.database.run(as: "postgres", left) != [["1", "0"]], .now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try api.database.run(as: "postgres", left) == [["1", "0"]])
        }
    }

    @Test func workForLaterBelongsToTheTraceOfWhoAskedForIt() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let headers = [("Idempotency-Key", "k"), ("traceparent", "00-\(trace)-00f067aa0ba902b7-01")]
            let traced = try await api.post("/v1/customers", token: acme.token, ["name": "Asha"], headers: headers)
            let plain = try await create(other, key: "k", ["name": "Asha"])

            #expect(traced.status == 201 && plain.status == 201)
            let kept = try api.database.run(as: "postgres", "SELECT trace FROM app.jobs ORDER BY id").map {
                $0[0] ?? ""
            }
            #expect(kept.count == 2)
            #expect(kept[0] == "00-\(trace)-00f067aa0ba902b7-01")
            // Who brings no trace of their own is found by the request's id.
            #expect(kept[1].dropFirst(3).prefix(32) == plain.header("X-Request-Id").map { $0[...] })
        }
    }

    // MARK: - Other writes

    private func found(_ tenant: TestTenant, key: String, _ name: String) async throws -> RawClient.Reply {
        try await tenant.api.post(
            "/v1/tenants", token: tenant.token, ["name": name], headers: [("Idempotency-Key", key)])
    }

    @Test func aBusinessIsFoundedOnceForAKey() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let first = try await found(acme, key: "k", "Second"), again = try await found(acme, key: "k", "Second")
            let reused = try await found(acme, key: "k", "Third"), another = try await found(other, key: "k", "Second")

            #expect(first.status == 201 && again.status == 201)
            #expect(again.text == first.text && again.header("Idempotent-Replayed") == "true")
            #expect(reused.status == 422 && reused.problemCode == "idempotency_key_reused")
            #expect(another.status == 201 && another.text != first.text)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.tenants") == [["4"]])
        }
    }

    /// The first is still under way when the person has gone over to another business and asks again from there.
    @Test func aKeyOfAPersonCountsInWhicheverBusinessTheyWork() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let second = try await found(acme, key: "a", "Second").object["id"] as? String ?? ""
            let switched = try await acme.post("/v1/auth/switch", ["tenant_id": second])
            let token = try #require(switched.object["access_token"] as? String)
            try api.database.run(
                as: "unnati_owner",
                """
                CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON app.tenants FOR EACH ROW EXECUTE FUNCTION app.slow()
                """)
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for token in [acme.token, token] {
                    group.addTask {
                        try await api.post(
                            "/v1/tenants", token: token, ["name": "Third"], headers: [("Idempotency-Key", "k")])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(replies.map(\.status)) == [201, 409])
            let again = try await api.post(
                "/v1/tenants", token: token, ["name": "Third"], headers: [("Idempotency-Key", "k")])
            #expect(again.status == 201 && again.header("Idempotent-Replayed") == "true")
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.tenants") == [["3"]])
        }
    }

    private func bringIn(_ tenant: TestTenant, key: String, _ file: String) async throws -> RawClient.Reply {
        try await tenant.api.request(
            "POST", "/v1/customers/import", token: tenant.token,
            headers: [("Content-Type", "text/csv"), ("Idempotency-Key", key)], body: Array(file.utf8))
    }

    @Test func aFileIsBroughtInOnceForAKey() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let file = "name\n" + (0..<2_000).map { "Customer \($0)\n" }.joined()
            let first = try await bringIn(acme, key: "k", file), again = try await bringIn(acme, key: "k", file)
            let reused = try await bringIn(acme, key: "k", file + "One more\n")

            #expect(first.status == 202 && again.status == 202)
            #expect(again.text == first.text && again.header("Location") == first.header("Location"))
            #expect(again.header("Idempotent-Replayed") == "true")
            #expect(reused.status == 422 && reused.problemCode == "idempotency_key_reused")
            let left =
                "SELECT count(*), count(DISTINCT state) FILTER (WHERE state = 'receiving') FROM app.customer_imports"
            #expect(try api.database.run(as: "postgres", left) == [["1", "0"]])
            let deadline = ContinuousClock.now + .seconds(10)
            while try count(api) != "2000", .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try count(api) == "2000")
        }
    }

    /// A key that is none is refused before the file is read.
    @Test func aFileWithABadKeyIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await bringIn(acme, key: String(repeating: "k", count: 10_000 - 2_200), "name\nAsha\n")
            #expect(reply.status == 400 && reply.problemCode == "idempotency_key_invalid")
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_imports") == [["0"]])
        }
    }
}
