// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Bootstrap
import Core
import Database
import Foundation
import HTTPMessage
import Messaging
import HTTPOutbound
import Passwords
import ServiceLifecycle
import Telemetry
import UnixSignals
import WebAPI

/// The whole application, as production starts it, on a database and ports of its own. Every reply to a described operation
/// is checked against `openapi.yaml`.
package struct TestAPI: Sendable {
    package let port: UInt16
    package let adminPort: UInt16
    package let database: TestDatabase
    package let application: Application

    package static func run(
        _ change: @escaping (inout Configuration) -> Void = { _ in }, log: LogSink = LogSink(descriptor: 2),
        _ body: (TestAPI) async throws -> Void
    ) async throws {
        try await TestDatabase.run { database in try await serve(database, change, log, body) }
    }

    /// Sends text messages and mail to the simulator.
    package static func reachesPeople(_ configuration: inout Configuration) {
        let simulator = Simulator.shared
        configuration.outbound.authorities = simulator.authority
        configuration.messages.sms = .msg91(
            base: simulator.url(), key: Secret("simulated-authkey"), templates: [.code: "65f0c0dec0dec0dec0dec0de"])
        if let url = try? OutboundURL.configured(simulator.url(over: "smtps")),
            let server = MailServer(url, credential: Secret(("unnati", "seven silk saris"))),
            let sender = EmailAddress("shop@example.in")
        {
            configuration.messages.mail = MailSettings(server: server, sender: MailMessage.Mailbox(sender))
        }
    }

    /// Runs one more server on the same database beside this one.
    package func beside(
        _ change: @escaping (inout Configuration) -> Void = { _ in }, _ body: (TestAPI) async throws -> Void
    ) async throws {
        try await Self.serve(database, change, LogSink(descriptor: 2), body)
    }

    private static func serve(
        _ database: TestDatabase, _ change: (inout Configuration) -> Void, _ log: LogSink,
        _ body: (TestAPI) async throws -> Void
    ) async throws {
        var configuration = Configuration(database: try database.configuration())
        configuration.workerURL = try database.configuration("unnati_worker").url
        configuration.http.port = 0
        configuration.admin.port = 0
        configuration.passwords.cost = 4
        configuration.http.grace = .seconds(2)
        configuration.keysDirectory = NSTemporaryDirectory() + "unnati-test-keys-\(getpid())"
        configuration.writesAccessLog = false
        change(&configuration)
        let application = try await Application(configuration, log: log)
        let (port, adminPort) = try application.listen()
        let services = application.services(signals: [])
        let running = Task { try await services.run() }
        let api = TestAPI(port: port, adminPort: adminPort, database: database, application: application)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(api)) } catch { outcome = .failure(error) }
        await services.triggerGracefulShutdown()
        try await running.value
        try outcome.get()
    }

    /// A reply that `openapi.yaml` agrees with.
    package func request(
        _ method: String, _ target: String, token: String? = nil, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> RawClient.Reply {
        let authorization = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        let reply = try await RawClient.exchange(
            port: port, method, target, headers: authorization + headers, body: body)
        try Contract.shared.check(method, target, application.api.router, reply)
        return reply
    }

    package func post(_ target: String, token: String? = nil, _ json: Any, headers: [(String, String)] = [])
        async throws -> RawClient.Reply
    {
        let body = Array(try JSONSerialization.data(withJSONObject: json, options: .sortedKeys))
        return try await request(
            "POST", target, token: token, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// A business with a phone number of its own, whose owner has signed in.
    package func makeTenant(_ name: String = "Acme") async throws -> TestTenant {
        let phone = "+91\(Int.random(in: 6_000_000_000...9_999_999_999))"
        let account: [String: String] = [
            "business_name": name, "name": "Owner of \(name)", "phone": phone,
            "password_hash": TestTenant.passwordHash,
        ]
        let json = Array(try JSONSerialization.data(withJSONObject: account))
        let (user, tenant) = try await AccountImport(database: application.database, isVerified: true).add(
            ImportedAccount(json: json))
        let reply = try await post("/v1/auth/login", ["identity": phone, "password": TestTenant.password])
        guard reply.status == 200, let token = reply.object["access_token"] as? String,
            let refresh = reply.object["refresh_token"] as? String
        else { throw Unexpected(what: reply.text) }
        return TestTenant(api: self, id: tenant, userID: user, phone: phone, token: token, refreshToken: refresh)
    }

    package struct Unexpected: Error {
        let what: String

        package init(what: String) { self.what = what }
    }
}

/// A registered business and its signed-in owner.
package struct TestTenant: Sendable {
    package static let password = "seven silk saris"
    package static let passwordHash = BcryptSHA256(hashing: Array(password.utf8), cost: 4).text

    package let api: TestAPI
    package let id: TenantID
    package let userID: UserID
    package let phone: String
    package let token: String
    package let refreshToken: String

    package func get(_ target: String) async throws -> RawClient.Reply {
        try await api.request("GET", target, token: token)
    }

    package func post(_ target: String, _ json: Any) async throws -> RawClient.Reply {
        try await api.post(target, token: token, json)
    }

    package func patch(_ target: String, _ json: Any, ifMatch: String?) async throws -> RawClient.Reply {
        let body = Array(try JSONSerialization.data(withJSONObject: json))
        let headers = [("Content-Type", "application/json")] + (ifMatch.map { [("If-Match", $0)] } ?? [])
        return try await api.request("PATCH", target, token: token, headers: headers, body: body)
    }

    package func delete(_ target: String) async throws -> RawClient.Reply {
        try await api.request("DELETE", target, token: token)
    }

    /// Somebody who joins the business by an invitation and is signed in there.
    package func colleague(_ role: Role) async throws -> TestTenant {
        let theirs = try await api.makeTenant("Elsewhere")
        let token = try await post("/v1/invitations", ["role": role.rawValue]).object["token"] as? String
        guard let token, try await theirs.post("/v1/invitations/accept", ["token": token]).status == 200 else {
            throw TestAPI.Unexpected(what: "nobody joins as \(role)")
        }
        return try await theirs.entering(id)
    }

    /// The same person in another of their businesses.
    package func entering(_ tenant: TenantID) async throws -> TestTenant {
        let reply = try await post("/v1/auth/switch", ["tenant_id": tenant.description])
        guard let token = reply.object["access_token"] as? String else { throw TestAPI.Unexpected(what: reply.text) }
        return TestTenant(
            api: api, id: tenant, userID: userID, phone: phone, token: token, refreshToken: refreshToken)
    }

    /// With tokens as the person gets them now.
    package func refreshed() async throws -> TestTenant {
        let reply = try await api.post("/v1/auth/refresh", ["refresh_token": refreshToken])
        guard let token = reply.object["access_token"] as? String,
            let refresh = reply.object["refresh_token"] as? String,
            let tenant = (reply.object["tenant_id"] as? String).flatMap({ TenantID($0) })
        else { throw TestAPI.Unexpected(what: reply.text) }
        return TestTenant(
            api: api, id: tenant, userID: userID, phone: phone, token: token, refreshToken: refresh)
    }

    package func makeCustomer(_ fields: [String: Any] = ["name": "Asha Rao"]) async throws -> String {
        let reply = try await post("/v1/customers", fields)
        guard let id = reply.object["id"] as? String else { throw TestAPI.Unexpected(what: reply.text) }
        return id
    }

    /// One after the other, in this order.
    package func makeCustomers(_ many: [[String: Any]]) async throws -> [String] {
        var ids: [String] = []
        for fields in many { ids.append(try await makeCustomer(fields)) }
        return ids
    }

    /// Imports a file and waits for its end.
    package func importFile(_ content: [UInt8], type: String = "text/csv") async throws -> (
        id: String, status: [String: Any]
    ) {
        let begun = try await api.request(
            "POST", "/v1/customers/import", token: token, headers: [("Content-Type", type)], body: content)
        guard begun.status == 202, let location = begun.header("Location"), let id = begun.object["id"] as? String
        else {
            throw TestAPI.Unexpected(what: begun.text)
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let status = try await get(location).object
            if ["completed", "failed"].contains(status["state"] as? String) { return (id, status) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestAPI.Unexpected(what: "the import did not end")
    }
}
