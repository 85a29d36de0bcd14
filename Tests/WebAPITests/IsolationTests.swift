// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import Core
import HTTPMessage
import HTTPTypes
import TestSupport
import Testing

@Suite struct IsolationTests {
    /// An id for each name that a path may hold, of things that belong to this business or to its owner.
    private func belongings(of acme: TestTenant) async throws -> [String: String] {
        let (importID, status) = try await acme.importFile(Array("name,phone\nCanary,9812345678\n".utf8))
        #expect(status["rows_created"] as? Int == 1)
        let customers = try await acme.get("/v1/customers").object["data"] as? [[String: Any]]
        _ = try await acme.api.post(
            "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password])
        let colleague = try await acme.colleague(.staff)
        let invitation = try await acme.post("/v1/invitations", ["role": "viewer"]).object["id"] as? String
        let key = try await acme.post("/v1/api-keys", ["name": "Till", "scopes": ["customers:read"]]).object["id"]
        let sessions = try await acme.get("/v1/me/sessions").object["data"] as? [[String: Any]] ?? []
        let customer = try #require(customers?.first?["id"] as? String)
        let deleted = try await acme.makeCustomer(["name": "Canary in the bin"])
        #expect(try await acme.delete("/v1/customers/\(deleted)").status == 204)
        let field =
            try await acme.post(
                "/v1/customer-fields", ["key": "size", "label": "Canary", "kind": "text"]
            ).object["id"] as? String
        let bulk = try await acme.post(
            "/v1/customers/bulk-update", ["customer_ids": [customer], "add_tags": ["Canary"]])
        let operation = (bulk.object["operation"] as? [String: Any])?["id"] as? String
        var interactions: [String] = []
        for _ in 0..<2 {
            let logged = try await acme.post(
                "/v1/customers/\(customer)/interactions", ["kind": "note", "body": "Canary"])
            interactions.append(try #require(logged.object["id"] as? String))
        }
        let notice =
            try await acme.post(
                "/v1/consent-notices",
                ["purpose": "marketing", "texts": ["en", "hi"].map { ["language": $0, "text": "Canary"] }]
            ).object["id"] as? String
        _ = try await acme.patch("/v1/business", ["upi_id": "canary@ybl"], ifMatch: "*")
        var entries: [String] = []
        for note in ["Canary", "Canary to be taken back"] {
            let entry: [String: Any] = ["kind": "given", "amount_paise": 150_000, "note": note]
            let reply = try await acme.post("/v1/customers/\(customer)/ledger-entries", entry)
            entries.append(try #require(reply.object["id"] as? String))
        }
        let followUp =
            try await acme.post(
                "/v1/follow-ups",
                ["title": "Canary", "due_at": "2026-01-31T10:00:00Z", "repeat": ["frequency": "monthly"]]
            ).object["id"] as? String
        let pipeline = try await acme.post(
            "/v1/pipelines", ["name": "Canary", "stages": [["name": "Canary"]]]
        ).object
        let stage = (pipeline["stages"] as? [[String: Any]])?.first?["id"] as? String
        let pipelineID = try #require(pipeline["id"] as? String)
        let deal =
            try await acme.post("/v1/deals", ["pipeline_id": pipelineID, "title": "Canary"]).object["id"] as? String
        let segment = try await acme.makeSegment("Canary", [])
        let own = try await acme.request("POST", "/v1/me/exports").object["id"] as? String
        let business = try await acme.request("POST", "/v1/business/exports").object["id"] as? String
        #expect(try acme.api.doWhatIsDue().exports == 2)
        return [
            "export_id": try #require(business), "own_export_id": try #require(own),
            "customer_id": customer, "import_id": importID, "field_id": try #require(field),
            "operation_id": try #require(operation),
            "trial_import_id": try await trial(of: acme),
            "merge_id": try await merge(of: acme),
            "own_merged_id": try await acme.makeCustomer(["name": "Canary to be merged"]),
            "deleted_customer_id": deleted,
            "interaction_id": interactions[0],
            "struck_interaction_id": interactions[1],
            "notice_id": try #require(notice),
            "entry_id": entries[0],
            "reversible_entry_id": entries[1],
            "follow_up_id": try #require(followUp),
            "pipeline_id": pipelineID,
            "stage_id": try #require(stage),
            "deal_id": try #require(deal),
            "segment_id": segment,
            "forgotten_customer_id": try await acme.makeCustomer(["name": "Canary to be forgotten"]),
            "user_id": colleague.userID.description, "invitation_id": try #require(invitation),
            "key_id": try #require(key as? String),
            "session_id": try #require(sessions.first { $0["is_current"] as? Bool == false }?["id"] as? String),
        ]
    }

    private func merge(of acme: TestTenant) async throws -> String {
        let one = try await acme.makeCustomer(["name": "Canary one"]),
            two = try await acme.makeCustomer(["name": "Canary two"])
        let merged = try await acme.post("/v1/customers/\(one)/merge", ["customer_id": two])
        return try #require((merged.object["merge"] as? [String: Any])?["id"] as? String)
    }

    private func trial(of acme: TestTenant) async throws -> String {
        let begun = try await acme.api.request(
            "POST", "/v1/customers/import?dry_run=true", token: acme.token, headers: [("Content-Type", "text/csv")],
            body: Array("name\nCanary\n".utf8))
        return try #require(begun.object["id"] as? String)
    }

    private func target(of template: String, _ ids: [String: String]) -> String {
        let template =
            switch template {
            case _ where template.hasPrefix("/v1/me/exports/"):
                template.replacing("{export_id}", with: "{own_export_id}")
            case "/v1/customers/{customer_id}/restore":
                template.replacing("{customer_id}", with: "{deleted_customer_id}")
            case "/v1/customers/search": template + "?q=canary"
            case "/v1/customer-imports/{import_id}/run":
                template.replacing("{import_id}", with: "{trial_import_id}")
            case "/v1/customers/{customer_id}/erase":
                template.replacing("{customer_id}", with: "{forgotten_customer_id}")
            case "/v1/interactions/{interaction_id}/strike-out":
                template.replacing("{interaction_id}", with: "{struck_interaction_id}")
            case "/v1/ledger-entries/{entry_id}/reverse":
                template.replacing("{entry_id}", with: "{reversible_entry_id}")
            default: template
            }
        return ids.reduce(template) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    /// The whole story, and then each route with another business's id.
    @Test func aSecondBusinessSeesNothingOfTheFirst() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Acme"), other = try await api.makeTenant("Other")
            let ids = try await belongings(of: acme)
            let nobody = ids.mapValues { $0.prefix(4) + String(repeating: "0", count: 32) }

            #expect((try await other.get("/v1/customers").object["data"] as? [Any])?.count == 0)
            #expect((try await other.get("/v1/customers?q=canary").object["data"] as? [Any])?.count == 0)

            // Every route that takes an id, taken from the route table, so that a new one is covered by being there.
            for route in api.application.api.router.routes where route.template.contains("{") {
                let target = target(of: route.template, ids)
                #expect(!target.contains("{"), "no id is known for \(route.template)")
                let content = content(of: route, "x", ids)
                let body = route.body.maximumBytes > 0 ? try bytes(of: route, content) : nil
                let headers = body == nil ? [] : [("Content-Type", "application/json"), ("If-Match", "*")]

                let foreign = try await api.request(
                    route.method.rawValue, target, token: other.token, headers: headers, body: body)
                let anonymous = try await api.request(route.method.rawValue, target, headers: headers, body: body)
                let unknown = try await api.request(
                    route.method.rawValue,
                    self.target(of: route.template, nobody.mapValues { String($0) }), token: other.token,
                    headers: headers, body: body)
                let malformed = try await api.request(
                    route.method.rawValue, self.target(of: route.template, ids.mapValues { _ in "x" }),
                    token: other.token, headers: headers, body: body)

                #expect(foreign.status == 404, "\(route.operation)")
                #expect(anonymous.status == 401, "\(route.operation)")
                #expect(unknown.problemCode == foreign.problemCode)
                #expect(malformed.status == 404)
                #expect(!foreign.text.contains("Canary"))
            }
            let left = try await acme.get("/v1/customers").object["data"] as? [[String: Any]] ?? []
            #expect(left.contains { $0["id"] as? String == ids["customer_id"] })
        }
    }

    /// Something that an operation takes, or that is no more wrong for one business than for another.
    private func content(of route: Route, _ text: String, _ ids: [String: String]) -> [String: String] {
        switch route.operation {
        case "updateFollowUp", "updateDeal": ["note": text]
        case "snoozeFollowUp": ["until": Instant.now().advanced(by: .seconds(3_600)).description]
        case "updatePipeline": ["name": text]
        case "moveDeal": ["stage_id": ids["stage_id"] ?? ""]
        case "updateMember": ["role": "viewer"]
        case "updateCustomField": ["label": text]
        case "updateSegment": ["name": text]
        case "runCustomerImport": ["policy": "skip"]
        case "mergeCustomer": ["customer_id": ids["own_merged_id"] ?? ""]
        case "logInteraction": ["kind": "note", "body": text]
        case "correctInteraction": ["body": text]
        case "strikeOutInteraction": ["reason": text]
        case "recordConsent": ["channel": "sms", "purpose": "marketing", "event": "withdrawn", "how": "phone"]
        case "setDoNotContact", "liftDoNotContact": ["reason": "asked"]
        case "reverseLedgerEntry": ["reason": text]
        default: ["notes": text]
        }
    }

    /// The same as a body; what holds more than texts stands here.
    private func bytes(of route: Route, _ content: [String: String]) throws -> [UInt8] {
        switch route.operation {
        case "addLedgerEntry": Array(#"{"kind": "given", "amount_paise": 100}"#.utf8)
        default: Array(try JSONEncoder().encode(content))
        }
    }

    private func rank(_ route: Route) -> Int {
        route.method != .delete ? 0 : route.template.contains("{") ? 1 : 2
    }

    /// Every operation for its own business, and then for another: what is one's own is there, and nothing of it elsewhere.
    @Test func everyOperationIsForItsOwnBusiness() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Acme"), other = try await api.makeTenant("Other")
            let ids = try await belongings(of: acme)
            let open = Contract.shared.openOperations
            // What deletes comes last, first one thing and then all of a kind; what ends the session is not asked.
            let ending: Set = ["logOut", "closeBusiness", "reopenBusiness", "closeAccount"]
            let routes = api.application.api.router.routes
                .filter { !open.contains($0.operation) && !ending.contains($0.operation) }
                .sorted { rank($0) < rank($1) }
            for route in routes {
                let target = target(of: route.template, ids)
                let names = route.template.contains("{")
                let content = content(of: route, "Canary", ids)
                let body = route.body.maximumBytes > 0 ? try bytes(of: route, content) : nil
                let headers = [("Content-Type", "application/json"), ("If-Match", "*")]

                let foreign = try await api.request(
                    route.method.rawValue, target, token: other.token, headers: headers, body: body)
                let own = try await api.request(
                    route.method.rawValue, target, token: acme.token, headers: headers, body: body)

                #expect(!foreign.text.contains("Canary"), "\(route.operation)")
                #expect(own.status != 401 && own.status < 500, "\(route.operation)")
                if names {
                    #expect(foreign.status == 404, "\(route.operation)")
                    #expect((200..<300).contains(own.status), "\(route.operation): \(own.status)")
                } else if route.method == .get, route.template.hasPrefix("/v1/customers") {
                    #expect(own.text.contains("Canary"), "\(route.operation)")
                }
            }
        }
    }

    /// Whoever has no token, or one that is none, learns nothing, whatever else the request says.
    @Test func everyOperationAsksForATokenUnlessItsDescriptionSaysOtherwise() async throws {
        try await TestAPI.run { api in
            let open = Contract.shared.openOperations
            for route in api.application.api.router.routes where !open.contains(route.operation) {
                let target = route.template.replacing(/{.*?}/, with: "cus_" + String(repeating: "0", count: 32))
                let body = route.body.maximumBytes > 0 ? Array("{}".utf8) : nil
                for token in [nil, "x", "eyJhbGciOiJub25lIn0.e30."] {
                    let reply = try await api.request(
                        route.method.rawValue, target, token: token, headers: [("Content-Type", "application/json")],
                        body: body)
                    #expect(reply.status == 401, "\(route.operation) with \(token ?? "no token")")
                }
            }
            #expect(open.isSubset(of: Set(api.application.api.router.routes.map(\.operation))))
        }
    }
}
