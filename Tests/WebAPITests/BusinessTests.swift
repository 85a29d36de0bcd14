// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct BusinessTests {
    private func errors(_ reply: RawClient.Reply) -> [String] {
        (reply.object["errors"] as? [[String: Any]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }

    @Test func aBusinessSaysWhatItIs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Acme"), other = try await api.makeTenant("Other")
            let before = try await acme.get("/v1/business")
            #expect(before.status == 200 && before.header("ETag") == "\"0\"")
            #expect(before.object["name"] as? String == "Acme" && before.object["trade"] == nil)

            let changed = try await acme.patch(
                "/v1/business",
                [
                    "name": "मीरा टेलर्स", "trade": "tailor", "address": "12 Relief Road", "city": "Ahmedabad",
                    "state": "Gujarat", "pin_code": "३८० ००९", "gstin": "27 aapfu0939f1zv",
                    "languages": ["gu", "hi", "gu"],
                    "hours": [
                        ["day": "tuesday", "opens": "16:00", "closes": "24:00"],
                        ["day": "monday", "opens": "10:00", "closes": "13:30"],
                        ["day": "tuesday", "opens": "09:00", "closes": "16:00"],
                    ], "upi_id": "Meera.Tailors@YBL", "tone": "warm",
                ], ifMatch: "\"0\"")
            #expect(changed.status == 200 && changed.header("ETag") == "\"1\"")
            let after = try await acme.get("/v1/business")
            #expect(after.text == changed.text)
            let business = after.object
            #expect(business["name"] as? String == "मीरा टेलर्स" && business["pin_code"] as? String == "380009")
            #expect(
                business["gstin"] as? String == "27AAPFU0939F1ZV"
                    && business["upi_id"] as? String == "meera.tailors@ybl")
            #expect(business["languages"] as? [String] == ["gu", "hi"])
            let hours = (business["hours"] as? [[String: String]] ?? []).map {
                "\($0["day"] ?? "") \($0["opens"] ?? "")-\($0["closes"] ?? "")"
            }
            #expect(hours == ["monday 10:00-13:30", "tuesday 09:00-16:00", "tuesday 16:00-24:00"])
            // Where a person moves about it has its new name too.
            #expect(try await acme.get("/v1/me").text.contains("मीरा टेलर्स"))
            #expect(try await other.get("/v1/business").object["name"] as? String == "Other")
            #expect(try await other.get("/v1/business").object["gstin"] == nil)
        }
    }

    @Test func nullRemovesAndWhatIsAbsentStays() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let hours = [["day": "sunday", "opens": "10:00", "closes": "11:00"]]
            _ = try await acme.patch("/v1/business", ["city": "Pune", "tone": "plain", "hours": hours], ifMatch: "*")
            let changed = try await acme.patch("/v1/business", ["city": NSNull(), "hours": NSNull()], ifMatch: "*")
            #expect(changed.object["city"] == nil && (changed.object["hours"] as? [Any])?.isEmpty == true)
            #expect(changed.object["tone"] as? String == "plain")
        }
    }

    @Test func whoIsLateIsToldSo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let replies = try await withThrowingTaskGroup(of: RawClient.Reply.self) { group in
                for city in ["Pune", "Surat", "Rajkot", "Nashik"] {
                    group.addTask { try await acme.patch("/v1/business", ["city": city], ifMatch: "\"0\"") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.map(\.status).sorted() == [200, 412, 412, 412])
            #expect(replies.contains { $0.problemCode == "business_changed" })
            #expect(
                try await acme.patch("/v1/business", ["city": "Pune"], ifMatch: nil).problemCode
                    == "precondition_required")
            // Nothing changed is no new version.
            let tag = try await acme.get("/v1/business").header("ETag")
            let city = try await acme.get("/v1/business").object["city"] as? String ?? ""
            let same = try await acme.patch("/v1/business", ["city": city], ifMatch: tag)
            #expect(same.status == 200 && same.header("ETag") == tag)
            let known = try await api.request(
                "GET", "/v1/business", token: acme.token, headers: [("If-None-Match", tag ?? "")])
            #expect(known.status == 304)
        }
    }

    @Test func everythingThatIsWrongIsToldAtOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await acme.patch(
                "/v1/business",
                [
                    "name": NSNull(), "trade": "banker", "pin_code": "012345", "gstin": "27AAPFU0939F1ZX",
                    "languages": ["hi", "xx"], "hours": [["day": "monday", "opens": "10:00", "closes": "10:00"]],
                    "upi_id": "meera@bank.in", "tone": "rude", "address": String(repeating: "a", count: 301),
                    "city": "",
                ], ifMatch: "*")
            #expect(reply.status == 422)
            #expect(
                Set(errors(reply)) == [
                    "/name required", "/trade invalid_value", "/pin_code invalid_pin_code", "/gstin invalid_gstin",
                    "/languages/1 invalid_value", "/hours/0/closes invalid_time", "/upi_id invalid_upi_id",
                    "/tone invalid_value", "/address too_long", "/city required",
                ])
            #expect(try await acme.get("/v1/business").header("ETag") == "\"0\"")
        }
    }

    private static let badHours: [([[String: String]], String)] = [
        ([["day": "mon", "opens": "10:00", "closes": "11:00"]], "/hours/0/day invalid_value"),
        ([["day": "monday", "opens": "1:00", "closes": "11:00"]], "/hours/0/opens invalid_time"),
        ([["day": "monday", "opens": "24:00", "closes": "24:00"]], "/hours/0/opens invalid_time"),
        ([["day": "monday", "opens": "10:60", "closes": "11:00"]], "/hours/0/opens invalid_time"),
        ([["day": "monday", "opens": "10:00", "closes": "24:01"]], "/hours/0/closes invalid_time"),
        ([["day": "monday", "opens": "18:00", "closes": "02:00"]], "/hours/0/closes invalid_time"),
        (
            [
                ["day": "monday", "opens": "09:00", "closes": "12:00"],
                ["day": "monday", "opens": "11:59", "closes": "13:00"],
            ], "/hours/1 overlapping"
        ),
        (Array(repeating: ["day": "monday", "opens": "09:00", "closes": "12:00"], count: 29), "/hours too_many"),
    ]

    @Test(arguments: badHours)
    func hoursThatNobodyCouldKeepAreRefused(_ hours: [[String: String]], _ expected: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let reply = try await acme.patch("/v1/business", ["hours": hours], ifMatch: "*")
            #expect(reply.status == 422 && errors(reply) == [expected])
        }
    }

    @Test func aPersonCanBeRenamed() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            let body = try JSONSerialization.data(withJSONObject: ["name": "मीरा शाह"])
            func rename(_ body: [UInt8]) async throws -> RawClient.Reply {
                try await api.request(
                    "PATCH", "/v1/me", token: acme.token, headers: [("Content-Type", "application/json")], body: body)
            }
            let renamed = try await rename(Array(body))
            #expect(renamed.status == 200)
            let user = try await acme.get("/v1/me").object["user"] as? [String: Any]
            #expect(user?["name"] as? String == "मीरा शाह")
            #expect(try await other.get("/v1/me").text.contains("मीरा") == false)
            #expect(try await rename(Array(#"{"name":" "}"#.utf8)).status == 422)
            #expect(try await rename(Array(#"{"phone":"9812345678"}"#.utf8)).status == 422)
        }
    }
}
