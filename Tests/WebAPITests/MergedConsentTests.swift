// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// What two have said who are taken for one, and are two again.
@Suite struct MergedConsentTests {
    private func merge(_ other: String, into id: String, _ acme: TestTenant) async throws -> String {
        let reply = try await acme.post("/v1/customers/\(id)/merge", ["customer_id": other])
        #expect(reply.status == 200, "\(reply.text)")
        return try #require((reply.object["merge"] as? [String: Any])?["id"] as? String)
    }

    private func blocks(_ id: String, _ acme: TestTenant) async throws -> [String] {
        let standing = try await acme.get("/v1/customers/\(id)/consent").object
        return (standing["do_not_contact"] as? [[String: Any]] ?? []).compactMap { $0["reason"] as? String }
    }

    @Test func aNoHoldsThroughAChainOfMerges() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let ids = try await acme.makeCustomers(
                (0..<4).map { ["name": "C\($0)", "email": "c\($0)@example.in"] })
            _ = try await acme.post("/v1/customers/\(ids[0])/consents", acme.withdrawn())
            for (other, survivor) in [(0, 1), (1, 2), (2, 3)] {
                _ = try await merge(ids[other], into: ids[survivor], acme)
                #expect(try await acme.consent(of: ids[survivor])["reason"] as? String == "withdrawn")
            }
            // A yes from before they were known to be one is not the last word.
            _ = try await acme.post(
                "/v1/customers/\(ids[3])/consents", try await acme.given(["occurred_at": "2026-01-01T00:00:00Z"]))
            #expect(try await acme.consent(of: ids[0])["may_send"] as? Bool == false)
            _ = try await acme.post("/v1/customers/\(ids[1])/consents", try await acme.given())
            for id in ids { #expect(try await acme.consent(of: id)["may_send"] as? Bool == true) }
        }
    }

    @Test func aYesOfTheTimeBetweenTakesNoNoAway() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let ids = try await acme.makeCustomers(
                (0..<3).map { ["name": "C\($0)", "email": "c\($0)@example.in"] })
            _ = try await acme.post("/v1/customers/\(ids[0])/consents", acme.withdrawn())
            _ = try await acme.post("/v1/customers/\(ids[2])/do-not-contact", ["reason": "asked"])
            // What two servers write down within a second has no order.
            try await Task.sleep(for: .milliseconds(1_100))
            let first = try await merge(ids[2], into: ids[1], acme),
                second = try await merge(ids[1], into: ids[0], acme)
            _ = try await acme.post("/v1/customers/\(ids[1])/consents", try await acme.given())
            _ = try await acme.post("/v1/customers/\(ids[0])/do-not-contact/lift", ["reason": "asked"])
            #expect(try await acme.consent(of: ids[0])["may_send"] as? Bool == true)

            for id in [second, first] {
                let undone = try await api.request("POST", "/v1/customer-merges/\(id)/undo", token: acme.token)
                #expect(undone.status == 200, "\(undone.text)")
            }
            #expect(try await acme.consent(of: ids[0])["state"] as? String == "withdrawn")
            #expect(try await acme.consent(of: ids[1])["state"] as? String != "given")
            #expect(try await blocks(ids[2], acme) == ["asked"])
        }
    }

    @Test func aNoOfTheTimeBetweenIsBoths() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let one = try await acme.makeCustomer(["name": "One", "email": "one@example.in"])
            let two = try await acme.makeCustomer(["name": "Two", "email": "two@example.in"])
            for id in [one, two] { _ = try await acme.post("/v1/customers/\(id)/consents", try await acme.given()) }
            _ = try await acme.post("/v1/customers/\(two)/do-not-contact", ["reason": "dispute"])
            let id = try await merge(two, into: one, acme)
            // Said by whom of them nobody knows.
            _ = try await acme.post("/v1/customers/\(one)/consents", acme.withdrawn())
            _ = try await acme.post("/v1/customers/\(two)/do-not-contact", ["reason": "asked", "channel": "sms"])
            _ = try await acme.post("/v1/customers/\(one)/do-not-contact/lift", ["reason": "dispute"])
            #expect(try await blocks(one, acme) == ["asked"])

            let undone = try await api.request("POST", "/v1/customer-merges/\(id)/undo", token: acme.token)
            #expect(undone.status == 200, "\(undone.text)")
            for id in [one, two] {
                #expect(try await acme.consent(of: id)["state"] as? String == "withdrawn")
            }
            #expect(try await blocks(one, acme) == ["asked"])
            #expect(try await Set(blocks(two, acme)) == ["asked", "dispute"])
        }
    }
}
