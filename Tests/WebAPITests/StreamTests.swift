// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

@Suite struct StreamTests {
    private func book(of count: Int) -> [UInt8] {
        Array(
            ("name,phone,tags,notes\n"
                + (0..<count).map { "सुरेश \($0),\(7_000_000_000 + $0),silk;vip,\"Likes \"\"blue\"\", or not\"\n" }
                .joined()).utf8)
    }

    @Test func theWholeBookComesOutOnceAndGoesInAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            _ = try await acme.importFile(book(of: 1_234))
            _ = try await other.makeCustomer(["name": "Foreign"])

            let file = try await acme.get("/v1/customers/export")
            #expect(file.status == 200)
            #expect(file.header("Content-Type") == "text/csv; charset=utf-8")
            #expect(file.header("Content-Disposition") == "attachment; filename=\"customers.csv\"")
            #expect(file.header("X-Content-Type-Options") == "nosniff")
            #expect(file.body.starts(with: [0xEF, 0xBB, 0xBF]))
            let lines = file.text.components(separatedBy: "\r\n").dropLast()
            #expect(lines.count == 1_235)
            #expect(Set(lines).count == 1_235)
            #expect(!file.text.contains("Foreign"))
            // A phone number is no formula to a spreadsheet.
            #expect(
                lines.contains {
                    $0.hasPrefix("सुरेश 7,'+917000000007,,,,,lead,silk;vip,\"Likes \"\"blue\"\", or not\",")
                })

            let (_, status) = try await other.importFile(file.body)
            #expect(status["rows_created"] as? Int == 1_234)
            #expect(status["rows_rejected"] as? Int == 0)
            #expect(status["ignored_columns"] as? [String] == ["owner_id", "id", "created_at", "updated_at"])
        }
    }

    @Test func anEmptyBookIsAHeader() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let file = try await acme.get("/v1/customers/export")
            #expect(
                file.text == "\u{FEFF}name,phone,other_phones,email,other_emails,whatsapp_user_id,stage,tags,notes,"
                    + "address,city,state,pin_code,gstin,birthday,anniversary,language,source,owner_id,id,created_at,"
                    + "updated_at\r\n")
            #expect(try await acme.get("/v1/customers/export?format=vcard").body.isEmpty)
            #expect(try await acme.get("/v1/customers/export?format=json").text == #"{"customers":[]}"#)
            #expect(try await api.request("HEAD", "/v1/customers/export", token: acme.token).body.isEmpty)
            for query in ["?format=xml", "?format=", "?format=CSV", "?format=csv&format=csv", "?as=csv"] {
                let refused = try await acme.get("/v1/customers/export" + query)
                #expect(refused.problemCode == "invalid_query", "\(query)")
            }
            #expect(try await api.request("GET", "/v1/customers/export").problemCode == "token_missing")
        }
    }

    @Test func anImportIsFollowedToItsEnd() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let begun = try await api.request(
                "POST", "/v1/customers/import", token: acme.token, headers: [("Content-Type", "text/csv")],
                body: book(of: 3_000))
            let location = try #require(begun.header("Location"))

            let events = try await acme.get(location + "/events")
            #expect(events.header("Content-Type") == "text/event-stream")
            let states = try events.text.components(separatedBy: "\n\n").dropLast().map { event in
                let lines = event.components(separatedBy: "\n")
                #expect(lines[0] == "event: state")
                let data = Data(lines[1].dropFirst(6).utf8)
                return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            }
            #expect(states.last?["state"] as? String == "completed")
            #expect(states.last?["rows_created"] as? Int == 3_000)
            #expect(
                states.map { $0["rows_done"] as? Int ?? -1 } == states.map { $0["rows_done"] as? Int ?? -1 }.sorted())

            #expect(try await other.get(location + "/events").problemCode == "customer_import_unknown")
            #expect(try await acme.get("/v1/customer-imports/nonsense/events").problemCode == "customer_import_unknown")
        }
    }

    @Test func aBusinessHasABoundedNumberOfStreams() async throws {
        try await TestAPI.run({
            $0.streamsPerTenant = 2
            $0.rates.exports = nil
        }) { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            // More than the buffers of two sockets hold.
            let notes = String(repeating: "x", count: 9_000)
            let rows = (0..<2_000).map { "Customer \($0),\(notes)\n" }.joined()
            _ = try await acme.importFile(Array(("name,notes\n" + rows).utf8))
            // Two that are not read: they hold their places.
            let request = "GET /v1/customers/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(acme.token)\r\n\r\n"
            let clients = try (0..<2).map { _ in try RawClient(port: api.port) }
            for client in clients { try client.send(request) }
            try await Task.sleep(for: .milliseconds(500))

            let refused = try await acme.get("/v1/customers/export")
            #expect(refused.problemCode == "too_many_at_once")
            #expect(refused.header("Retry-After") == "5")
            #expect(try await other.get("/v1/customers/export").status == 200)

            // A client that goes away gives its place back.
            for client in clients { client.close() }
            var status = 0
            for _ in 0..<100 where status != 200 {
                status = try await acme.get("/v1/customers/export").status
                if status != 200 { try await Task.sleep(for: .milliseconds(20)) }
            }
            #expect(status == 200)
        }
    }
}
