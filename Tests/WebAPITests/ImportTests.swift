// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct ImportTests {
    @Test func aRealFileComesInWithAVerdictForEachRow() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let known = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678"])
            var file = Array(
                "\u{FEFF}Full Name,Mobile Number,E-mail,Tags,Shoe size\r\n\"Rao, Asha\",'+91 98123 45678,asha@example.in,silk;vip,7\r\nNo Number,123,,,\r\nसुरेश,९८९८९ ८९८९८,,,\r\n"
                    .utf8)
            file +=
                Array("Zo".utf8) + [0xEB]
                + Array(",9700000001,,,\r\n\r\n,,,,\r\nAgain,9898989898,,new,\r\n\"Open,9700000002,,,".utf8)

            let (id, status) = try await acme.importFile(file)
            let rows = try await acme.get("/v1/customer-imports/\(id)/rows").object["data"] as? [[String: Any]] ?? []
            let rejected =
                try await acme.get("/v1/customer-imports/\(id)/rows?filter%5Bverdict%5D=rejected").object["data"]
                as? [[String: Any]] ?? []

            #expect(
                rows.map { "\($0["row"] ?? 0) \($0["verdict"] ?? "") \($0["code"] ?? "")" } == [
                    "2 updated ", "3 rejected invalid_phone", "4 created ", "5 rejected not_utf8",
                    "6 rejected required", "7 updated ",
                    "8 rejected bad_quotes",
                ])
            #expect(rejected.count == 4)
            #expect(status["percent_done"] as? Int == 100)
            #expect(status["ignored_columns"] as? [String] == ["Shoe size"])
            let asha = try await acme.get("/v1/customers/\(known)").object
            #expect(asha["name"] as? String == "Rao, Asha")
            #expect(asha["tags"] as? [String] == ["silk", "vip"])
            #expect((try await acme.get("/v1/customers").object["data"] as? [Any])?.count == 2)
        }
    }

    /// A worker that was cut off for long is believed dead, and goes on all the same: two are at one file.
    @Test func twoWorkersAtOneFileDoEachRowOnce() async throws {
        try await TestAPI.run { api in
            try await api.beside { _ in
                let acme = try await api.makeTenant()
                let file = "name,phone\n" + (0..<30_000).map { "Customer \($0),\(7_000_000_000 + $0)\n" }.joined()
                let begun = try await api.request(
                    "POST", "/v1/customers/import", token: acme.token, headers: [("Content-Type", "text/csv")],
                    body: Array(file.utf8))
                let place = try #require(begun.header("Location"))
                func status() async throws -> [String: Any] { try await acme.get(place).object }
                var takeovers = 0
                let deadline = ContinuousClock.now + .seconds(60)
                while try await status()["state"] as? String == "running", .now < deadline {
                    // Whoever has it goes on; another takes it as well.
                    let taken = try api.database.run(
                        as: "postgres",
                        "UPDATE app.jobs SET state = 'available', worker_id = NULL WHERE state = 'running' RETURNING id"
                    )
                    takeovers += taken.count
                    try await Task.sleep(for: .milliseconds(60))
                    // Who has stepped back comes again in half a minute.
                    try api.database.run(as: "postgres", "UPDATE app.jobs SET run_at = now() WHERE state = 'scheduled'")
                }
                let end = try await status()
                #expect(takeovers >= 1)
                #expect(end["state"] as? String == "completed")
                #expect(end["rows_done"] as? Int == 30_000 && end["rows_created"] as? Int == 30_000)
                #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customers") == [["30000"]])
            }
        }
    }

    private static let unusable: [([UInt8], String)] = [
        (Array("".utf8), "csv_empty"), (Array("\n\n".utf8), "csv_empty"),
        (Array("shoe,hat\n1,2\n".utf8), "csv_missing_columns"),
        (Array(String(repeating: "x,", count: 1_000_000).utf8), "csv_too_many_columns"),
        // It says that it is UTF-16, and is cut in the middle of a letter.
        ([0xFF, 0xFE, 0x6E, 0x00, 0x61, 0x00, 0x6D], "csv_not_utf8"),
    ]

    @Test(arguments: unusable)
    func aFileWithoutAUsableHeaderIsRefusedAtOnce(_ file: [UInt8], _ code: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await api.request(
                "POST", "/v1/customers/import", token: acme.token, headers: [("Content-Type", "text/csv")],
                body: file)
            #expect(reply.status == 422)
            #expect((reply.object["errors"] as? [[String: String]])?.first?["code"] == code)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_imports") == [["0"]])
        }
    }

    @Test func anUploadThatBreaksOffLeavesNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let client = try RawClient(port: api.port)
            try client.send(
                "POST /v1/customers/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(acme.token)\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\nname\nAsha\n"
            )
            try await Task.sleep(for: .milliseconds(300))
            client.close()

            for _ in 0..<100
            where try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_imports") != [["0"]] {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_imports") == [["0"]])
            #expect((try await acme.get("/v1/customers").object["data"] as? [Any])?.count == 0)
        }
    }

    /// A server of a build that knew no jobs left it like this.
    @Test func anImportThatNobodyIsAtWorkOnGoesOnWhenItsStatusIsAskedFor() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let rows = (0..<700).map { "Customer \($0),\(7_000_000_000 + $0)" }.joined(separator: "\n")
            let (id, _) = try await acme.importFile(Array(("name,phone\n" + rows).utf8))
            // Killed after the first batch: five hundred rows committed, the file still there.
            let uuid = id.dropFirst(4)
            let hex = Array(("name,phone\n" + rows).utf8).map { String(format: "%02x", $0) }.joined()
            try api.database.run(
                as: "postgres",
                """
                DELETE FROM app.customer_import_rows WHERE row_number > 501; DELETE FROM app.customers WHERE name_key >= 'customer 500';
                UPDATE app.customer_imports SET state = 'running', rows_done = 500, rows_created = 500, updated_at = now() - interval '3 minutes' WHERE id = '\(uuid)';
                INSERT INTO app.customer_import_parts (tenant_id, import_id, part, content) VALUES ('\(acme.id.uuid.hex)', '\(uuid)', 0, '\\x\(hex)');
                """)

            var status: [String: Any] = [:]
            for _ in 0..<200 where status["state"] as? String != "completed" {
                status = try await acme.get("/v1/customer-imports/\(id)").object
                try await Task.sleep(for: .milliseconds(20))
            }

            #expect(status["state"] as? String == "completed")
            #expect(status["rows_done"] as? Int == 700)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_import_rows") == [["700"]])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_import_parts") == [["0"]])
        }
    }

    @Test func anImportWhoseServerDiedIsTakenUpByAnother() async throws {
        try await TestAPI.run({
            $0.jobs.lostAfter = .seconds(1); $0.jobs.heartbeat = .milliseconds(300)
        }) { api in
            let acme = try await api.makeTenant()
            let rows = (0..<700).map { "Customer \($0),\(7_000_000_000 + $0)" }.joined(separator: "\n")
            let (id, _) = try await acme.importFile(Array(("name,phone\n" + rows).utf8))
            try await api.noJobs()
            let uuid = id.dropFirst(4)
            let hex = Array(("name,phone\n" + rows).utf8).map { String(format: "%02x", $0) }.joined()
            // As it is when a process is killed after its first batch: its job is in the hands of a worker that is no more.
            try api.database.run(
                as: "postgres",
                """
                DELETE FROM app.customer_import_rows WHERE row_number > 501; DELETE FROM app.customers WHERE name_key >= 'customer 500';
                UPDATE app.customer_imports SET state = 'running', rows_done = 500, rows_created = 500, updated_at = now() WHERE id = '\(uuid)';
                INSERT INTO app.customer_import_parts (tenant_id, import_id, part, content) VALUES ('\(acme.id.uuid.hex)', '\(uuid)', 0, '\\x\(hex)');
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, attempt, maximum_attempts, unique_key, worker_id)
                VALUES ('\(acme.id.uuid.hex)', gen_random_uuid(), 'customer_import', '{"import_id": "\(id)"}', 3, 'running', now(), 1, 12, '\(uuid)', gen_random_uuid())
                """)
            let end = ContinuousClock.now + .seconds(10)
            var status: [String: Any] = [:]
            while status["state"] as? String != "completed", .now < end {
                status = try await acme.get("/v1/customer-imports/\(id)").object
                try await Task.sleep(for: .milliseconds(20))
            }

            #expect(status["state"] as? String == "completed")
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_import_rows") == [["700"]])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.jobs") == [["0"]])
        }
    }

    @Test func anImportWhoseJobIsDeadHasFailed() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let (id, _) = try await acme.importFile(Array("name,phone\nAsha,9812345678".utf8))
            try await api.noJobs()
            let uuid = id.dropFirst(4)
            try api.database.run(
                as: "postgres",
                """
                UPDATE app.customer_imports SET state = 'running', updated_at = now() - interval '3 minutes' WHERE id = '\(uuid)';
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, attempt, maximum_attempts, unique_key, finished_at)
                VALUES ('\(acme.id.uuid.hex)', gen_random_uuid(), 'customer_import', '{"import_id": "\(id)"}', 3, 'dead', now(), 12, 12, '\(uuid)', now())
                """)
            let status = try await acme.get("/v1/customer-imports/\(id)").object
            #expect(status["state"] as? String == "failed")
            #expect((status["failure"] as? [String: Any])?["code"] as? String == "import_failed")
        }
    }

    /// One customer's old address becomes another's in the same file, whichever of the two was there first.
    @Test func anAddressMayGoFromOneCustomerToAnother() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let first = try await acme.makeCustomer(["name": "Asha", "phone": "9876543210"])
            let second = try await acme.makeCustomer(["name": "Ravi", "phone": "9876543211", "email": "old@example.in"])
            let file = "phone,email\n9876543211,new@example.in\n9876543210,old@example.in\n"
            let (_, status) = try await acme.importFile(Array(file.utf8))
            #expect(status["state"] as? String == "completed")
            #expect(status["rows_updated"] as? Int == 2)
            #expect(try await acme.get("/v1/customers/" + first).object["email"] as? String == "old@example.in")
            #expect(try await acme.get("/v1/customers/" + second).object["email"] as? String == "new@example.in")
        }
    }
}

extension TestAPI {
    /// Waits until what was done is also written down as done.
    fileprivate func noJobs() async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try database.run(as: "postgres", "SELECT count(*) FROM app.jobs") != [["0"]], .now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
