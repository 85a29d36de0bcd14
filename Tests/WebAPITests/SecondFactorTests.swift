// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import Foundation
import TestSupport
import Testing
import Tokens

@Suite struct SecondFactorTests {
    /// An app that is set up and in force, and the recovery codes. The code that put it in force is used up.
    private func setUp(_ acme: TestTenant) async throws -> (App, recovery: [String]) {
        let offered = try await acme.request("POST", "/v1/me/second-factor")
        #expect(offered.status == 201, "\(offered.text)")
        let app = App(totp: TOTP(secret: Secret(Self.decode(offered.object["secret"] as? String ?? ""))))
        let confirmed = try await acme.post("/v1/me/second-factor/confirm", ["code": app.code(-1)])
        return (app, try #require(confirmed.object["recovery_codes"] as? [String], "\(confirmed.text)"))
    }

    /// Each use takes a later code: one that was used is not good again.
    private struct App {
        let totp: TOTP
        func code(_ later: Int64) -> String { totp.code(at: Instant.now().seconds / TOTP.step + later) }
    }

    private static func decode(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [], buffer = 0, bits = 0
        for letter in text {
            buffer = buffer << 5 | (Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").firstIndex(of: letter) ?? 0)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
                buffer &= (1 << bits) - 1
            }
        }
        return bytes
    }

    private func logIn(_ acme: TestTenant) async throws -> RawClient.Reply {
        try await acme.api.post("/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password])
    }

    private func bring(_ api: TestAPI, _ ticket: String, _ code: String) async throws -> RawClient.Reply {
        try await api.post("/v1/auth/second-factor", ["ticket": ticket, "code": code])
    }

    @Test func aNewSealingKeyTakesOverWhatTheOldOneHasSealed() async throws {
        let folder = NSTemporaryDirectory() + "unnati-test-keys-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestAPI.run {
            $0.keysDirectory = folder
        } _: { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            _ = try KeyStore.addKey(.sealing, in: folder, delay: .seconds(-2))
            func renew() throws -> SealedSecrets.Outcome {
                let seal = SecretSeal(keys: try KeyStore.sealingKeys(in: folder))
                return try SealedSecrets(url: api.database.url("unnati_owner"), seal: seal).renew()
            }
            #expect(try renew() == SealedSecrets.Outcome(renewed: 1))
            #expect(try renew() == SealedSecrets.Outcome())
            #expect(try KeyStore.dropKeys(.sealing, in: folder, keeping: .zero) == 1)
            // A server that has never had the old key.
            try await api.beside {
                $0.keysDirectory = folder
            } _: { other in
                let ticket = try await other.post(
                    "/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password]
                ).object["ticket"]
                let entered = try await bring(other, try #require(ticket as? String), app.code(0))
                #expect(entered.status == 200, "\(entered.text)")
            }
            // What no key opens is said, and left alone.
            try api.database.run(as: "postgres", "UPDATE app.second_factors SET secret = sha256('') || sha256('')")
            #expect(try renew() == SealedSecrets.Outcome(lost: 1))
        }
    }

    @Test func withAnAppAPasswordIsHalfTheWay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            let halfway = try await logIn(acme)
            #expect(halfway.status == 202)
            #expect(halfway.object["access_token"] == nil)
            let ticket = try #require(halfway.object["ticket"] as? String)

            let code = app.code(0)
            let signedIn = try await bring(api, ticket, code)
            #expect(signedIn.status == 200)
            #expect((signedIn.object["tenants"] as? [Any])?.count == 1)
            // Not the same code again, not an older one, and no ticket that was tampered with.
            let again = try #require(try await logIn(acme).object["ticket"] as? String)
            var letters = Array(again)
            letters[30] = letters[30] == "A" ? "B" : "A"
            let altered = String(letters)
            #expect(try await bring(api, again, code).problemCode == "second_factor_wrong")
            #expect(try await bring(api, again, app.code(-1)).problemCode == "second_factor_wrong")
            #expect(try await bring(api, altered, app.code(1)).problemCode == "ticket_invalid")
            #expect(try await bring(api, again, app.code(1)).status == 200)
            let events = try await acme.get("/v1/audit-events?filter[event]=session.begun").object["data"]
            #expect((events as? [[String: Any]])?.first?["detail"] as? String == "password_and_app")
        }
    }

    @Test func aResetDoesNotPassTheAppBy() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            let begun = try await api.post("/v1/auth/codes", ["identity": acme.phone, "purpose": "reset_password"])
            let sent = try await Simulator.shared.code(to: acme.phone)
            let halfway = try await api.verify(begun, sent, ["new_password": "eight cotton kurtas"])
            #expect(halfway.status == 202)
            // Whoever has the telephone number alone has changed nothing.
            #expect(try await acme.get("/v1/me").status == 200)
            #expect(try await logIn(acme).status == 202)

            let ticket = try #require(halfway.object["ticket"] as? String)
            #expect(try await bring(api, ticket, app.code(0)).status == 200)
            #expect(try await acme.get("/v1/me").problemCode == "session_ended")
            #expect(try await logIn(acme).status == 401)
        }
    }

    /// An app neither keeps somebody out who has left their only business, nor loses what they came for.
    @Test func whatTheFirstStepWasForComesWithTheSecond() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), ravi = try await api.makeTenant("Ravi's own")
            let (app, recovery) = try await setUp(ravi)
            let token = try await acme.post("/v1/invitations", ["role": "staff"]).object["token"] as? String ?? ""
            let joining = try await api.post(
                "/v1/auth/register", ["invitation": token, "name": "Ravi", "phone": ravi.phone])
            let halfway = try await api.verify(joining, try await Simulator.shared.code(to: ravi.phone))
            #expect(halfway.status == 202)
            #expect((try await acme.get("/v1/members").object["data"] as? [Any])?.count == 1)
            let joined = try await bring(api, try #require(halfway.object["ticket"] as? String), app.code(0))
            #expect(joined.object["tenant_id"] as? String == acme.id.description)
            #expect((joined.object["tenants"] as? [Any])?.count == 2)

            // Both businesses are gone for them: a new one is founded.
            try api.database.run(
                as: "postgres", "UPDATE app.memberships SET ended_at = now() WHERE user_id = '\(ravi.userID.uuid.hex)'")
            let founding = try await api.post(
                "/v1/auth/register", ["business_name": "Third", "name": "Ravi", "phone": ravi.phone])
            let again = try await api.verify(founding, try await Simulator.shared.code(to: ravi.phone, number: 2))
            let founded = try await bring(api, try #require(again.object["ticket"] as? String), recovery[0])
            #expect((founded.object["tenants"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Third"])
        }
    }

    @Test func aRecoveryCodeLetsInOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (_, recovery) = try await setUp(acme)
            let ticket = try #require(try await logIn(acme).object["ticket"] as? String)
            #expect(try await bring(api, ticket, recovery[0].uppercased()).status == 200)
            #expect(try await bring(api, ticket, recovery[0]).problemCode == "second_factor_wrong")
            // New ones make the old ones void.
            #expect(try await acme.post("/v1/auth/confirm", ["second_factor": recovery[1]]).status == 204)
            let renewed = try await acme.request("POST", "/v1/me/recovery-codes")
            let fresh = try #require(renewed.object["recovery_codes"] as? [String])
            #expect(try await bring(api, ticket, recovery[2]).problemCode == "second_factor_wrong")
            #expect(try await bring(api, ticket, fresh[0]).status == 200)
        }
    }

    @Test func guessingIsMadeToWaitLongerAndLonger() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            let ticket = try #require(try await logIn(acme).object["ticket"] as? String)
            var codes: [String?] = []
            for _ in 0..<6 { codes.append(try await bring(api, ticket, "zzzzz-zzzzz").problemCode) }
            #expect(codes == Array(repeating: "second_factor_wrong", count: 5) + ["second_factor_blocked"])
            let right = try await bring(api, ticket, app.code(0))
            #expect(right.status == 429)
            #expect((Int(right.header("Retry-After") ?? "") ?? 0) > 50)
            try api.database.run(as: "postgres", "UPDATE app.second_factors SET blocked_until = now()")
            _ = try await bring(api, ticket, "zzzzz-zzzzz")
            let longer = try await bring(api, ticket, app.code(0))
            #expect((Int(longer.header("Retry-After") ?? "") ?? 0) > 110)
            try api.database.run(as: "postgres", "UPDATE app.second_factors SET blocked_until = now()")
            #expect(try await bring(api, ticket, app.code(0)).status == 200)
        }
    }

    @Test func whereThereIsAnAppNothingElseShowsThatItIsThem() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '11 minutes'")
            #expect(try await acme.delete("/v1/me/second-factor").problemCode == "confirmation_needed")
            let password = try await acme.post("/v1/auth/confirm", ["password": TestTenant.password])
            #expect(password.problemCode == "second_factor_required")
            let begun = try await acme.request("POST", "/v1/auth/confirm/code")
            let sent = try await Simulator.shared.code(to: acme.phone)
            let code = try await acme.post(
                "/v1/auth/confirm", ["challenge_id": begun.object["challenge_id"] ?? "", "code": sent])
            #expect(code.problemCode == "second_factor_required")
            #expect(try await acme.post("/v1/auth/confirm", ["second_factor": app.code(0)]).status == 204)
            #expect(try await acme.delete("/v1/me/second-factor").status == 204)
            #expect(try await logIn(acme).status == 200)
            #expect(try await acme.delete("/v1/me/second-factor").problemCode == "second_factor_unknown")
        }
    }

    @Test func anAppIsInForceOnceACodeOfItHasComeBack() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            #expect(try await acme.request("POST", "/v1/me/second-factor").status == 201)
            #expect(try await logIn(acme).status == 200)
            let wrong = try await acme.post("/v1/me/second-factor/confirm", ["code": "000000"])
            #expect(wrong.problemCode == "second_factor_wrong")
            #expect(try await acme.post("/v1/me/second-factor/confirm", ["code": "x"]).fields == ["/code invalid_code"])
            _ = try await setUp(acme)
            #expect(try await acme.request("POST", "/v1/me/second-factor").problemCode == "second_factor_in_force")
            // What lies in the database is no secret that an app could use.
            let stored = try api.database.run(as: "postgres", "SELECT octet_length(secret) FROM app.second_factors")
            #expect(stored == [["57"]])
        }
    }

    @Test func aTicketEndsWithThePasswordThatItCameBy() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), (app, _) = try await setUp(acme)
            let ticket = try #require(try await logIn(acme).object["ticket"] as? String)
            let changed = try await acme.post(
                "/v1/me/password", ["current_password": TestTenant.password, "new_password": "eight cotton kurtas"])
            #expect(changed.status == 204)
            #expect(try await bring(api, ticket, app.code(0)).problemCode == "ticket_invalid")
            let login = try await api.post(
                "/v1/auth/login", ["identity": acme.phone, "password": "eight cotton kurtas"])
            let other = try #require(login.object["ticket"] as? String)
            #expect(try await bring(api, other, app.code(0)).status == 200)
        }
    }

    @Test func aTicketEndsAfterFiveMinutesAndIsNobodyElses() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let (_, _) = try await setUp(acme), (otherApp, _) = try await setUp(other)
            let ticket = try #require(try await logIn(acme).object["ticket"] as? String)
            #expect(try await bring(api, ticket, otherApp.code(0)).problemCode == "second_factor_wrong")
            #expect(try await bring(api, "st_x", otherApp.code(0)).problemCode == "ticket_invalid")
            #expect(try await bring(api, acme.refreshToken, otherApp.code(0)).problemCode == "ticket_invalid")
        }
    }
}
