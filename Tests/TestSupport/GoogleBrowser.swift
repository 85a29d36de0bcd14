// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Bootstrap
import Core
import Foundation

/// A browser in which somebody has an account at the simulator's Google.
package struct GoogleBrowser: Sendable {
    package let api: TestAPI
    /// As `Tests/Simulator/oidc.py` takes it, in JSON.
    private let account: String

    /// - Parameter besides: what the simulator is to do that a provider should not.
    package init(_ api: TestAPI, subject: String, email: String? = nil, _ besides: [String: Any] = [:]) throws {
        self.api = api
        let known: [String: Any] = [
            "sub": subject, "email": email ?? "\(subject)@example.in", "email_verified": true, "name": "Meera Shah",
        ]
        let json = try JSONSerialization.data(withJSONObject: known.merging(besides) { $1 })
        account = String(decoding: json, as: UTF8.self)
    }

    /// Lets people in by the simulator's Google. Each deployment has an issuer of its own there.
    package static func isKnown(_ configuration: inout Configuration) {
        TestAPI.reachesPeople(&configuration)
        configuration.google = OpenIDSettings(
            issuer: Simulator.shared.url("/" + UUID().uuidString.lowercased()),
            clientID: "simulated.apps.googleusercontent.com", clientSecret: Secret("simulated-secret"),
            redirectURI: "https://app.example.in/sign-in/google")
    }

    /// What stands in the address that the browser comes back to.
    package func visit(_ url: String) throws -> [String: String] {
        let path = url.replacing(Simulator.shared.url(), with: "")
        let reply = try Simulator.shared.get(path, headers: ["X-Simulated-Account": account])
        guard reply.status == 302, let location = reply.header("Location"),
            location.hasPrefix("https://app.example.in/sign-in/google?"),
            let items = URLComponents(string: location)?.queryItems
        else { throw TestAPI.Unexpected(what: reply.text) }
        return Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
    }

    /// There and back: what is brought to the second request.
    package func travel(_ begun: RawClient.Reply) throws -> [String: String] {
        guard let url = begun.object["authorization_url"] as? String else {
            throw TestAPI.Unexpected(what: begun.text)
        }
        var brought = try visit(url).filter { ["state", "code", "iss"].contains($0.key) }
        brought["flow"] = begun.object["flow"] as? String
        return brought
    }

    /// - Parameter aim: what somebody comes for who is not known.
    package func signIn(_ aim: [String: String] = [:]) async throws -> RawClient.Reply {
        let begun = try await api.post("/v1/auth/google/begin", aim)
        return try await api.post("/v1/auth/google/finish", try travel(begun))
    }

    package func link(_ tenant: TestTenant) async throws -> RawClient.Reply {
        let begun = try await api.request("POST", "/v1/me/google/begin", token: tenant.token)
        return try await tenant.post("/v1/me/google/finish", try travel(begun))
    }
}
