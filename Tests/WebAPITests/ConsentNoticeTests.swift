// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct ConsentNoticeTests {
    private func data(_ reply: RawClient.Reply) -> [[String: Any]] { reply.object["data"] as? [[String: Any]] ?? [] }

    private func notice(_ purpose: String = "marketing", _ texts: [String: String] = ["en": "Yes?", "hi": "हाँ?"])
        -> [String: Any]
    {
        ["purpose": purpose, "texts": texts.map { ["language": $0.key, "text": $0.value] }]
    }

    @Test func theServerBringsNoticesThatABusinessReplacesByItsOwn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("रेशम घर"), other = try await api.makeTenant("Other")
            _ = try await acme.patch("/v1/business", ["address": "12 Ring Road", "city": "Surat"], ifMatch: "*")
            let brought = data(try await acme.get("/v1/consent-notices"))
            #expect(brought.map { $0["purpose"] as? String } == ["service", "marketing", "referral"])
            #expect(brought.allSatisfy { $0["version"] as? Int == 0 && $0["is_current"] as? Bool == true })
            #expect(brought.allSatisfy { $0["texts"] == nil && $0["published_at"] == nil })
            let marketing = try #require(brought[1]["id"] as? String)
            let read = try await acme.get("/v1/consent-notices/\(marketing)")
            let texts = read.object["texts"] as? [[String: String]] ?? []
            #expect(texts.compactMap { $0["language"] } == read.object["languages"] as? [String])
            #expect(
                texts.count == 8 && texts.allSatisfy { $0["text"]?.contains("रेशम घर, 12 Ring Road, Surat") == true })

            let published = try await acme.post(
                "/v1/consent-notices", notice("marketing", ["gu": "હા?", "hi": "हाँ?", "en": " Yes? "]))
            #expect(published.status == 201, "\(published.text)")
            let location = try #require(published.header("Location"))
            #expect(try await acme.get(location).object as NSDictionary == published.object as NSDictionary)
            #expect(published.object["version"] as? Int == 1)
            #expect(
                published.object["texts"] as? [[String: String]] == [
                    ["language": "en", "text": "Yes?"], ["language": "hi", "text": "हाँ?"],
                    ["language": "gu", "text": "હા?"],
                ])
            _ = try await acme.post("/v1/consent-notices", notice("referral"))
            #expect(try await acme.post("/v1/consent-notices", notice()).object["version"] as? Int == 2)
            let listed = data(try await acme.get("/v1/consent-notices?filter[purpose]=marketing"))
            #expect(listed.map { $0["version"] as? Int } == [2, 1, 0])
            #expect(listed.map { $0["is_current"] as? Bool } == [true, false, false])
            // Page by page, those of the server last.
            var walked: [String] = [], target = "/v1/consent-notices?limit=2"
            while true {
                let page = try await acme.get(target)
                walked += data(page).map { "\($0["purpose"] ?? "") \($0["version"] ?? "")" }
                guard let cursor = page.object["next_cursor"] as? String else { break }
                target = "/v1/consent-notices?limit=2&cursor=\(cursor)"
            }
            #expect(walked == ["marketing 2", "referral 1", "marketing 1", "service 0", "marketing 0", "referral 0"])
            #expect(try await other.get(location).problemCode == "consent_notice_unknown")
            #expect(data(try await other.get("/v1/consent-notices")).count == 3)
            #expect(data(try await acme.get("/v1/audit-events?filter[event]=consent_notice.published")).count == 3)

            // Somebody has agreed to the first, and it is there for them.
            let id = try await acme.makeCustomer()
            let first = try #require(published.object["id"] as? String)
            let given = try await acme.post(
                "/v1/customers/\(id)/consents", try await acme.given(["notice_id": first, "language": "gu"]))
            #expect(given.status == 201 && given.object["notice_version"] as? Int == 1, "\(given.text)")
        }
    }

    @Test func whatIsNoNoticeIsRefused() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), staff = try await acme.colleague(.staff)
            #expect(try await staff.post("/v1/consent-notices", notice()).problemCode == "permission_denied")
            #expect(try await staff.get("/v1/consent-notices").status == 200)
            for (body, wrong) in [
                (notice("spam"), "/purpose invalid_value"), (notice("marketing", ["en": "x"]), "/texts required"),
                (notice("marketing", ["hi": "x", "gu": "x"]), "/texts required"),
                (notice("marketing", [:]), "/texts required"),
                (
                    [
                        "purpose": "marketing",
                        "texts": [["language": "en", "text": "x"], ["language": "hi", "text": ""]],
                    ],
                    "/texts/1/text required"
                ),
                (
                    ["purpose": "marketing", "texts": ["en", "hi", "xx"].map { ["language": $0, "text": "x"] }],
                    "/texts/2/language invalid_value"
                ),
                (
                    ["purpose": "marketing", "texts": ["en", "hi", "en"].map { ["language": $0, "text": "x"] }],
                    "/texts/2/language repeated"
                ),
                (
                    [
                        "purpose": "marketing",
                        "texts": [
                            ["language": "en", "text": String(repeating: "x", count: 5_001)],
                            ["language": "hi", "text": "x"],
                        ],
                    ], "/texts/0/text too_long"
                ),
                (["purpose": "marketing"], "/texts required"),
            ] as [([String: Any], String)] {
                let reply = try await acme.post("/v1/consent-notices", body)
                let error = (reply.object["errors"] as? [[String: Any]])?.first
                #expect(reply.status == 422)
                #expect("\(error?["pointer"] ?? "") \(error?["code"] ?? "")" == wrong, "\(reply.text)")
            }
            for id in ["x", "ntc_" + String(repeating: "0", count: 32), try await acme.makeCustomer()] {
                #expect(try await acme.get("/v1/consent-notices/\(id)").problemCode == "consent_notice_unknown")
            }
            #expect(try await acme.get("/v1/consent-notices?filter[purpose]=spam").status == 400)
            #expect(data(try await acme.get("/v1/consent-notices")).count == 3)
        }
    }

    @Test func versionsThatArePublishedAtOnceComeOneAfterTheOther() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let versions = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await acme.post("/v1/consent-notices", notice()).object["version"] as? Int }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1 ?? 0) }
            }
            #expect(versions.sorted() == Array(1...8))
            try api.database.run(
                as: "unnati_owner", "UPDATE app.consent_notices SET version = version + 92 WHERE purpose = 'marketing'")
            #expect(try await acme.post("/v1/consent-notices", notice()).problemCode == "too_many_consent_notices")
            #expect(try await acme.post("/v1/consent-notices", notice("service")).status == 201)
        }
    }
}
