// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct FileTests {
    @Test func browsersGetFilesWithRulesOfTheirOwn() async throws {
        try await TestAPI.run({ $0.webDirectory = Contract.repository + "/Sources/WebApp/Resources" }) { api in
            let page = try await api.request("GET", "/")
            #expect(page.status == 200)
            #expect(page.header("Content-Type") == "text/html; charset=utf-8")
            let rules = try #require(page.header("Content-Security-Policy"))
            #expect(rules.hasPrefix("default-src 'none'; script-src 'self'") && !rules.contains("sandbox"))
            #expect(rules.contains("frame-ancestors 'none'"))
            #expect(page.header("Cache-Control") == "no-cache")
            #expect(page.header("X-Content-Type-Options") == "nosniff")
            #expect(page.header("X-Request-Id") != nil)

            let tag = try #require(page.header("ETag"))
            #expect(try await api.request("GET", "/", headers: [("If-None-Match", tag)]).status == 304)
            let head = try await api.request("HEAD", "/index.html")
            #expect(head.header("Content-Length") == String(page.body.count) && head.body.isEmpty)

            // The API keeps its own rules, and what is no file keeps its problem.
            let problem = try await api.request("GET", "/nothing")
            #expect(problem.problemCode == "route_unknown")
            #expect(problem.header("Content-Security-Policy")?.contains("sandbox") == true)
            #expect(try await api.request("GET", "/../../etc/passwd").problemCode == "malformed_request")
        }
    }

    @Test func aFileIsReadAndNothingElse() async throws {
        try await TestAPI.run({ $0.webDirectory = Contract.repository + "/Sources/WebApp/Resources" }) { api in
            let post = try await api.request("POST", "/robots.txt", body: [])
            #expect(post.problemCode == "method_not_allowed")
            #expect(post.header("Allow") == "GET, HEAD, OPTIONS")
            let options = try await api.request("OPTIONS", "/robots.txt")
            #expect(options.status == 204 && options.header("Allow") == "GET, HEAD, OPTIONS")
        }
    }
}
