// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import Glibc
import Telemetry
import TestSupport
import Testing

@Suite struct AccessLogTests {
    @Test func aRequestHasOneLineWithoutPersonalData() async throws {
        let path = NSTemporaryDirectory() + "unnati-access-log-\(UUIDv7.next().hex)"
        let descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        defer {
            close(descriptor)
            unlink(path)
        }
        let log = LogSink(descriptor: descriptor)
        var said: [String] = []
        var id = ""
        try await TestAPI.run({ $0.writesAccessLog = true }, log: log) { api in
            let acme = try await api.makeTenant("Sharma Tailors")
            let customer = try await acme.makeCustomer([
                "name": "Asha Rao", "phone": "9812345678", "email": "asha@example.in", "notes": "likes silk",
            ])
            let found = try await acme.get("/v1/customers?q=Asha&limit=1")
            id = found.header("X-Request-Id") ?? ""
            _ = try await api.post("/v1/auth/login", ["identity": acme.phone, "password": "no such password"])
            _ = try await api.request("GET", "/asha@example.in")
            said = [
                "Sharma", "Asha", "98123", "asha@example", "silk", acme.phone.dropFirst(3).description, acme.token,
                acme.refreshToken, TestTenant.password, "no such password", customer,
            ]
        }
        log.flush()

        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        for word in said { #expect(!text.contains(word), "the log holds “\(word)”") }
        let own = lines.filter { $0["request_id"] as? String == id }
        #expect(own.count == 1)
        #expect(own.first?["operation"] as? String == "listCustomers")
        #expect(own.first?["status"] as? Int == 200)
        #expect((own.first?["tenant_id"] as? String)?.hasPrefix("ten_") == true)
        #expect(lines.filter { $0["msg"] as? String == "request" }.count == 5)
    }
}
