// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// The credit book of a business, as its tests write and read it.
struct LedgerBook: Sendable {
    let tenant: TestTenant

    /// Writes an entry down, which must be taken.
    @discardableResult
    func note(
        _ kind: String, _ paise: Int, for customer: String, _ more: [String: Any] = [:],
        _ place: SourceLocation = #_sourceLocation
    ) async throws -> [String: Any] {
        var body: [String: Any] = ["kind": kind, "amount_paise": paise]
        if kind == "received" { body["method"] = "cash" }
        if kind == "adjusted" { body["reason"] = "Before the book" }
        let reply = try await tenant.post(
            "/v1/customers/\(customer)/ledger-entries", body.merging(more) { _, new in new })
        #expect(reply.status == 201, "\(reply.text)", sourceLocation: place)
        return reply.object
    }

    func reverse(_ entry: [String: Any], _ reason: String = "Written down twice") async throws -> RawClient.Reply {
        let id = try #require(entry["id"] as? String)
        return try await tenant.post("/v1/ledger-entries/\(id)/reverse", ["reason": reason])
    }

    func owed(by customer: String) async throws -> Int? {
        try await tenant.get("/v1/customers/\(customer)/ledger").object["balance_paise"] as? Int
    }

    func data(_ target: String) async throws -> [[String: Any]] {
        try await tenant.get(target).object["data"] as? [[String: Any]] ?? []
    }

    /// Every page of a list.
    func walk(_ target: String, limit: Int) async throws -> [[String: Any]] {
        var found: [[String: Any]] = [], cursor = ""
        while true {
            let path = "\(target)\(target.contains("?") ? "&" : "?")limit=\(limit)\(cursor)"
            let page = try await tenant.get(path).object
            found += page["data"] as? [[String: Any]] ?? []
            guard page["has_more"] as? Bool == true else { return found }
            cursor = "&cursor=" + (try #require(page["next_cursor"] as? String))
        }
    }

    /// The first customer turns out to be the second.
    func merge(_ customer: String, into other: String) throws {
        try tenant.api.database.run(
            as: "unnati_owner",
            "UPDATE app.customers SET deleted_at = now(), merged_into = '\(other.dropFirst(4))' WHERE id = '\(customer.dropFirst(4))'"
        )
    }
}

extension TestTenant {
    var book: LedgerBook { LedgerBook(tenant: self) }
}

extension TestAPI {
    /// What `unnati migrate verify` would complain of.
    func complaintsOfTheLedger() throws -> [String] {
        let file = try String(contentsOfFile: Contract.repository + "/sql/0033_ledger.verify.sql", encoding: .utf8)
        return try file.split(separator: ";\n").flatMap { statement in
            try database.run(as: "unnati_owner", String(statement)).compactMap { $0.first ?? nil }
        }
    }
}
