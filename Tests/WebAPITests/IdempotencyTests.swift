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

    @Test func aKeyIsForgottenAfterADay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for key in ["a", "b"] { _ = try await create(acme, key: key, ["name": "Asha"]) }
            try api.database.run(
                as: "postgres", "UPDATE app.idempotency_keys SET created_at = now() - interval '25 hours'")

            let again = try await create(acme, key: "a", ["name": "Asha"])

            #expect(again.status == 201 && again.header("Idempotent-Replayed") == nil)
            #expect(try count(api) == "3")
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.idempotency_keys") == [["1"]])
        }
    }
}
