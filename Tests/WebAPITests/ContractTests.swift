// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPTypes
import TestSupport
import Testing
import WebAPI

@Suite struct ContractTests {
    @Test func everyRouteHasAnOperationAndEveryOperationARoute() async throws {
        try await TestAPI.run { api in
            let routes = Dictionary(
                uniqueKeysWithValues: api.application.api.router.routes.map {
                    ("\($0.method.rawValue) \($0.template)", $0.operation)
                })
            #expect(routes == Contract.shared.operations)
        }
    }

    @Test func everyWriteSaysWhatComesOfSendingItAgain() async throws {
        try await TestAPI.run { api in
            let described = Contract.shared.repeating
            let writes = api.application.api.router.routes.filter { $0.method == .post }
            #expect(writes.count == described.count)
            for route in writes {
                let word = route.repeating == .byKey ? "by-key" : "harmless"
                #expect(described[route.operation]?.word == word, "\(route.operation)")
                #expect(described[route.operation]?.takesKey == (route.repeating == .byKey), "\(route.operation)")
            }
        }
    }

    @Test func everyOperationSaysWhatItAsksOfItsCaller() async throws {
        try await TestAPI.run { api in
            let routes = api.application.api.router.routes.map { ($0.operation, $0.access) }
            #expect(Dictionary(uniqueKeysWithValues: routes) == Contract.shared.permissions)
            let open = Set(routes.filter { $0.1 == "everyone" }.map(\.0))
            #expect(open == Contract.shared.openOperations)
        }
    }

    @Test func listsTakeTheParametersThatAreDescribed() {
        let described = Contract.shared.queryParameters
        #expect(described["listCustomers"] == CustomerList.parameterNames)
        #expect(described["listFollowUps"] == FollowUpList.parameterNames)
        #expect(described["listDeals"] == DealList.parameterNames)
        #expect(described["listAuditEvents"] == AuditHandlers.parameterNames)
        #expect(described["listInteractions"] == InteractionList.parameterNames)
        #expect(described["listCustomerInteractions"] == InteractionList.customerParameterNames)
        #expect(described["listConsentNotices"] == ConsentNoticeHandlers.parameterNames)
        #expect(described["listLedgerBalances"] == LedgerList.parameterNames)
        #expect(described["listSegments"] == SegmentHandlers.parameterNames)
        #expect(described["listSegmentCustomers"] == SegmentHandlers.customerParameterNames)
        #expect(described["listCustomerImportRows"] == CustomerImportHandlers.rowParameterNames)
    }

    @Test func everyProblemCodeIsDescribedAndHasAnExample() {
        let codes = Set(ProblemCode.allCases.map(\.rawValue))
        #expect(codes == Set(Contract.shared.problemCodes))
        #expect(codes == Contract.shared.exampleCodes)
    }

    @Test func everyReplyHasItsIdAndItsSecurityHeaders() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let routes = api.application.api.router.routes.map { route in
                let target = route.template.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }.joined(
                    separator: "/")
                return (route.method.rawValue, "/" + target)
            }
            #expect(routes.count > 15)
            let mistakes = [
                ("GET", "/nowhere"), ("PUT", "/v1/customers"), ("OPTIONS", "/v1/customers"), ("GET", "/%zz"),
            ]
            for (method, target) in routes + mistakes {
                for headers in [[], [("Authorization", "Bearer " + acme.token)]] {
                    let reply = try await api.request(method, target, headers: headers)
                    let comment = Comment("\(method) \(target): \(reply.status)")
                    #expect(reply.header("X-Request-Id")?.count == 32, comment)
                    #expect(reply.header("X-Content-Type-Options") == "nosniff", comment)
                    #expect(reply.header("Referrer-Policy") == "no-referrer", comment)
                    #expect(reply.header("Cache-Control") != nil, comment)
                    #expect(
                        reply.header("Content-Security-Policy")?.contains("frame-ancestors 'none'") == true, comment)
                }
            }
        }
    }

    @Test func anAddressSaysWhatItAnswers() async throws {
        try await TestAPI.run { api in
            let put = try await api.request("PUT", "/v1/customers"),
                options = try await api.request("OPTIONS", "/v1/customers")
            let head = try await api.request("HEAD", "/livez")

            #expect(put.status == 405)
            #expect(put.header("Allow") == "GET, POST, HEAD, OPTIONS")
            #expect(options.status == 204)
            #expect(options.header("Allow") == put.header("Allow"))
            #expect(head.status == 200)
            #expect(head.header("Content-Length") == "18")
            #expect(try await api.request("GET", "/nowhere").problemCode == "route_unknown")
        }
    }

    @Test func theAdminListenerHasTheMetricsAndThePublicOneHasNot() async throws {
        try await TestAPI.run { api in
            _ = try await api.request("GET", "/livez")
            let metrics = try await RawClient.exchange(port: api.adminPort, "GET", "/metrics")

            #expect(
                metrics.text.contains(
                    #"http_server_request_duration_seconds_count{operation="getLiveness",status_class="2xx"} 1"#))
            #expect(metrics.text.contains("db_pool_max "))
            #expect(metrics.text.contains("process_resident_memory_bytes "))
            #expect(try await api.request("GET", "/metrics").status == 404)
            #expect(try await RawClient.exchange(port: api.adminPort, "GET", "/readyz").status == 200)
        }
    }
}
