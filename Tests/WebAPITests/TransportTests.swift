// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// The server over real sockets.
@Suite struct TransportTests {
    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await TestAPI.run { api in
            let client = try RawClient(port: api.port)
            defer { client.close() }
            try client.send(
                String(
                    repeating: "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n",
                    count: 10)
                    + "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
            )

            let text = client.readToEnd()
            let bodies = text.components(separatedBy: "{\"status\":\"").dropFirst().map {
                $0.hasPrefix("alive") ? "a" : "r"
            }.joined()

            // Nothing after `Connection: close` is answered.
            #expect(bodies == String(repeating: "ar", count: 10) + "a")
        }
    }

    /// An answer that is there before the body has been looked at must not put the body into the next request.
    @Test func aBodyIsNeverTakenForAnothers() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let path = "/v1/customers/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
            let file = "name,phone\nAsha,9876543210\nRavi,9876543211\n"
            let client = try RawClient(port: api.port)
            defer { client.close() }
            try client.send(
                "POST \(path)Content-Length: 11\r\n\r\nname\nMeera\nPOST \(path)Authorization: Bearer \(acme.token)\r\n"
                    + "Content-Length: \(file.utf8.count)\r\n\r\n" + file.prefix(14))
            #expect(try client.readReply().status == 401)
            try await Task.sleep(for: .milliseconds(100))
            try client.send(String(file.dropFirst(14)))
            let begun = try client.readReply()
            #expect(begun.status == 202)
            var status: [String: Any] = [:]
            for _ in 0..<100 where status["state"] as? String != "completed" {
                status = try await acme.get(begun.header("Location") ?? "").object
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(status["rows_created"] as? Int == 2)
            let names = try await acme.get("/v1/customers").object["data"] as? [[String: Any]] ?? []
            #expect(Set(names.compactMap { $0["name"] as? String }) == ["Asha", "Ravi"])
        }
    }

    @Test func anAnswerOnTheSpotAndAMalformedBodyGetOneReply() async throws {
        try await TestAPI.run { api in
            let client = try RawClient(port: api.port)
            defer { client.close() }
            try client.send(
                "POST /v1/customers/import HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            #expect(client.readToEnd().components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    /// Each is answered on the spot; the line of them must not be worked off by calling from within.
    @Test func aThousandRequestsInOneGoAreAnswered() async throws {
        try await TestAPI.run({ $0.http.limits.requestsPerConnection = 100_000 }) { api in
            let client = try RawClient(port: api.port)
            defer { client.close() }
            let count = 2_000
            try client.send(String(repeating: "GET /x HTTP/1.1\r\nHost: x\r\n\r\n", count: count))
            try client.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let replies = client.readToEnd()
            #expect(replies.components(separatedBy: "HTTP/1.1 404").count == count + 1)
            #expect(replies.hasSuffix("{\"status\":\"alive\"}"))
        }
    }

    @Test func aViolationGetsOneProblemAndTheConnectionEnds() async throws {
        try await TestAPI.run { api in
            for request in [
                "GET / HTTP/1.1\r\n\r\n", "BAD\r\n\r\n",
                "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ] {
                let client = try RawClient(port: api.port)
                try client.send(request + "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                let text = client.readToEnd()
                client.close()
                #expect(text.hasPrefix("HTTP/1.1 400 "))
                #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
                #expect(text.contains("malformed_request"))
            }
        }
    }

    @Test func aBodyIsInvitedOnlyWhenItIsWanted() async throws {
        try await TestAPI.run { api in
            func head(_ length: Int, _ target: String) -> String {
                "POST \(target) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(length)\r\nExpect: 100-continue\r\n\r\n"
            }
            let small = try RawClient(port: api.port)
            try small.send(head(2, "/v1/auth/login"))
            try await Task.sleep(for: .milliseconds(100))
            try small.send("{}")
            #expect(try small.readReply().status == 422)
            small.close()
            for (length, target, status) in [
                (1 << 30, "/v1/auth/login", "413"), (2, "/nowhere", "404"), (2, "/v1/customers/import", "401"),
            ] {
                let client = try RawClient(port: api.port)
                try client.send(head(length, target))
                let text = client.readToEnd()
                #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(target): \(text.prefix(40))")
                client.close()
            }
        }
    }

    @Test func slowAndSilentClientsAreSentAway() async throws {
        try await TestAPI.run {
            $0.http.limits.firstByte = .milliseconds(300)
            $0.http.limits.headTime = .milliseconds(300)
            $0.http.limits.bodyGrace = .milliseconds(300)
            $0.http.limits.idle = .milliseconds(300)
        } _: { api in
            for (bytes, expected) in [
                ("", ""), ("GET /livez HT", "HTTP/1.1 408"),
                ("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200"),
                ("POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", "HTTP/1.1 408"),
            ] {
                let client = try RawClient(port: api.port)
                try client.send(bytes)
                let start = ContinuousClock.now
                let text = client.readToEnd(seconds: 4)
                #expect(ContinuousClock.now - start < .seconds(3), "\(bytes)")
                #expect(text.hasPrefix(expected) && text.isEmpty == expected.isEmpty)
                client.close()
            }
        }
    }

    @Test func livenessDoesNotWaitBehindABusyDatabase() async throws {
        try await TestAPI.run {
            $0.database.connections = 2
        } _: { api in
            let acme = try await api.makeTenant()
            // A lock held elsewhere keeps both connections waiting.
            let blocked = (0..<2).map { _ in
                Task { try api.database.run(as: "unnati_owner", "BEGIN; LOCK TABLE app.customers; SELECT pg_sleep(1)") }
            }
            try await Task.sleep(for: .milliseconds(200))
            let lists = (0..<4).map { _ in Task { try await acme.get("/v1/customers") } }
            try await Task.sleep(for: .milliseconds(100))

            let start = ContinuousClock.now
            #expect(try await api.request("GET", "/livez").status == 200)
            #expect(ContinuousClock.now - start < .milliseconds(50))
            for task in lists { #expect([200, 503].contains(try await task.value.status)) }
            for task in blocked { _ = try await task.value }
        }
    }

    @Test func withTheDatabaseGoneReadinessSaysSoAndComesBack() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try TestDatabase.administer {
                try $0.run(
                    "ALTER DATABASE \(api.database.name) ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(api.database.name)'"
                )
            }
            var replies: [RawClient.Reply] = []
            for _ in 0..<10 {
                replies.append(try await api.request("GET", "/readyz"))
                replies.append(try await acme.get("/v1/me"))
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(replies.allSatisfy { $0.status == 503 && $0.header("Retry-After") != nil })
            #expect(try await api.request("GET", "/livez").status == 200)

            try TestDatabase.administer { try $0.run("ALTER DATABASE \(api.database.name) ALLOW_CONNECTIONS true") }
            var status = 0
            for _ in 0..<200 where status != 200 {
                status = try await acme.get("/v1/me").status
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(status == 200)
        }
    }
}
