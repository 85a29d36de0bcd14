// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import Core
import Foundation
import TestSupport
import Testing

/// Codes over the simulator's text messages and mail: what they let in, and what they do not.
@Suite struct VerificationTests {
    @Test(arguments: ["phone", "email"])
    func aBusinessIsFoundedWhenTheCodeComesBack(_ kind: String) async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let identity = Self.identity(kind)
            let begun = try await api.post(
                "/v1/auth/register",
                ["business_name": "Meera Tailors", "name": "Meera", kind: identity, "password": TestTenant.password])
            #expect(begun.status == 202)
            #expect(begun.object["sent_to"] as? String == kind)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.users") == [["0"]])

            let code = try await Simulator.shared.code(to: identity)
            let verified = try await api.verify(begun, code)
            #expect(verified.status == 200)
            let token = try #require(verified.object["access_token"] as? String)
            let me = try await api.request("GET", "/v1/me", token: token)
            #expect((me.object["user"] as? [String: Any])?[kind] as? String == identity)
            #expect((verified.object["tenants"] as? [[String: Any]])?.first?["role"] as? String == "owner")
            // A code is for one use, and the password is there from now on.
            #expect(try await api.verify(begun, code).problemCode == "challenge_over")
            let login = try await api.post(
                "/v1/auth/login", ["identity": identity, "password": TestTenant.password])
            #expect(login.status == 200)
        }
    }

    @Test func nobodyLearnsWhetherANumberIsKnown() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), stranger = Self.identity("phone")
            func shape(_ reply: RawClient.Reply) -> [String: String] {
                reply.object.filter { $0.key != "challenge_id" }.mapValues { "\($0)" }
                    .merging(["status": "\(reply.status)"]) { _, new in new }
            }
            for purpose in ["log_in", "reset_password"] {
                let known = try await api.post("/v1/auth/codes", ["identity": acme.phone, "purpose": purpose])
                let unknown = try await api.post("/v1/auth/codes", ["identity": stranger, "purpose": purpose])
                #expect(shape(known) == shape(unknown))
            }
            let known = try await api.register(acme.phone), unknown = try await api.register(stranger)
            #expect(shape(known) == shape(unknown))

            // One to the stranger, who has signed up; three to the owner.
            _ = try await Simulator.shared.code(to: acme.phone, number: 3)
            _ = try await Simulator.shared.code(to: stranger)
            #expect(try Simulator.shared.texts(to: stranger).count == 1)
        }
    }

    /// Nor by naming a business that is not theirs.
    @Test func whichBusinessIsWantedTellsNothingBeforeTheCodeIsRight() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), elsewhere = ["tenant_id": "ten_" + String(repeating: "0", count: 32)]
            var begun: [RawClient.Reply] = []
            for identity in [acme.phone, Self.identity("phone")] {
                begun.append(try await api.post("/v1/auth/codes", ["identity": identity, "purpose": "log_in"]))
            }
            let code = try await Simulator.shared.code(to: acme.phone)
            let wrong = code == "000000" ? "000001" : "000000"
            for challenge in begun {
                #expect(try await api.verify(challenge, wrong, elsewhere).problemCode == "code_wrong")
            }
            #expect(try await api.verify(begun[0], code, elsewhere).problemCode == "tenant_unknown")
            #expect(try await api.verify(begun[0], code).status == 200)
        }
    }

    @Test func whoeverSignsUpAgainIsLetInAndNothingIsFounded() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant()
            let begun = try await api.register(acme.phone)
            let verified = try await api.verify(begun, try await Simulator.shared.code(to: acme.phone))

            #expect(verified.object["user_id"] as? String == acme.userID.description)
            #expect((verified.object["tenants"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Acme"])
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.tenants") == [["1"]])
            // The password that came with the second attempt is not set.
            #expect(
                try await api.post("/v1/auth/login", ["identity": acme.phone, "password": "another password"]).status
                    == 401)
            #expect(
                try await api.post("/v1/auth/login", ["identity": acme.phone, "password": TestTenant.password]).status
                    == 200)
        }
    }

    @Test func aCodeIsTriedFiveTimesAndNoMore() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let phone = Self.identity("phone"), begun = try await api.register(phone)
            let code = try await Simulator.shared.code(to: phone)
            let wrong = code == "000000" ? "000001" : "000000"
            for _ in 0..<5 {
                let reply = try await api.verify(begun, wrong)
                #expect(reply.status == 422)
                #expect(reply.problemCode == "code_wrong")
            }
            let late = try await api.verify(begun, code)
            #expect(late.status == 404)
            #expect(late.problemCode == "challenge_over")
        }
    }

    @Test func fiftyTriesAtOnceAreCountedOneByOne() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let phone = Self.identity("phone"), begun = try await api.register(phone)
            let code = try await Simulator.shared.code(to: phone)
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<50 {
                    let guess = String(format: "%06d", (Int(code) ?? 0) + 1 + number).suffix(6)
                    group.addTask { try await api.verify(begun, String(guess)).problemCode }
                }
                return try await group.reduce(into: [String?: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(codes == ["code_wrong": 5, "challenge_over": 45])
        }
    }

    @Test func aCodeThatHasExpiredIsOver() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let phone = Self.identity("phone"), begun = try await api.register(phone)
            let code = try await Simulator.shared.code(to: phone)
            try api.database.run(as: "postgres", "UPDATE app.challenges SET expires_at = now()")
            #expect(try await api.verify(begun, code).problemCode == "challenge_over")
        }
    }

    @Test func aCodeOpensNothingButWhatItWasSentFor() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let reset = try await api.post("/v1/auth/codes", ["identity": acme.phone, "purpose": "reset_password"])
            let login = try await api.post("/v1/auth/codes", ["identity": other.phone, "purpose": "log_in"])
            let code = try await Simulator.shared.code(to: acme.phone)
            let otherCode = try await Simulator.shared.code(to: other.phone)

            // The code of one is not that of the other, unless chance has it so.
            if code != otherCode {
                #expect(try await api.verify(reset, otherCode, ["new_password": "kurta kurta"]).status == 422)
            }
            #expect(try await api.verify(reset, code).fields == ["/new_password required"])
            #expect(
                try await api.verify(login, otherCode, ["new_password": "kurta kurta"]).fields == [
                    "/new_password unexpected"
                ])
            let asIdentity = try await acme.post(
                "/v1/me/identities/verify", ["challenge_id": login.object["challenge_id"] ?? "", "code": otherCode])
            #expect(asIdentity.problemCode == "challenge_over")
            // None of that has cost the code.
            #expect(try await api.verify(login, otherCode).status == 200)
        }
    }

    @Test func aResetSetsThePasswordAndEndsEverySession() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant()
            let begun = try await api.post("/v1/auth/codes", ["identity": acme.phone, "purpose": "reset_password"])
            let code = try await Simulator.shared.code(to: acme.phone)
            let verified = try await api.verify(begun, code, ["new_password": "eight cotton kurtas"])

            #expect(verified.status == 200)
            #expect(try await acme.get("/v1/me").problemCode == "session_ended")
            func logIn(_ password: String) async throws -> Int {
                try await api.post("/v1/auth/login", ["identity": acme.phone, "password": password]).status
            }
            #expect(try await logIn(TestTenant.password) == 401)
            #expect(try await logIn("eight cotton kurtas") == 200)
        }
    }

    /// Somebody has had an account brought in under a number that is not theirs.
    @Test func whoProvesANumberFirstHasItAndWhatWasSetUpBeforeIsVoid() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let phone = Self.identity("phone"), email = Self.identity("email")
            let line: [String: String] = [
                "business_name": "Squat", "name": "S", "phone": phone, "email": email,
                "password_hash": TestTenant.passwordHash,
            ]
            let account = try ImportedAccount(json: Array(try JSONSerialization.data(withJSONObject: line)))
            _ = try await AccountImport(database: api.application.database, isVerified: false).add(account)
            func logIn(_ identity: String) async throws -> RawClient.Reply {
                try await api.post("/v1/auth/login", ["identity": identity, "password": TestTenant.password])
            }
            let squatter = try #require(try await logIn(phone).object["access_token"] as? String)
            #expect(try await logIn(email).status == 200)

            let begun = try await api.register(phone)
            #expect(try await api.verify(begun, try await Simulator.shared.code(to: phone)).status == 200)

            #expect(try await api.request("GET", "/v1/me", token: squatter).problemCode == "session_ended")
            #expect(try await logIn(phone).status == 401)
            // The other way in that was never proved is gone too.
            let reset = try await api.post("/v1/auth/codes", ["identity": email, "purpose": "reset_password"])
            #expect(reset.status == 202)
            try await Task.sleep(for: .milliseconds(300))
            #expect(try Simulator.shared.mail(to: email).isEmpty)
        }
    }

    @Test func aPersonMovesToAnotherNumber() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let phone = Self.identity("phone")
            func add(_ phone: String) async throws -> RawClient.Reply {
                try await acme.post("/v1/me/identities", ["phone": phone])
            }
            // Not without having shown lately that it is them.
            try api.database.run(
                as: "postgres", "UPDATE app.sessions SET authenticated_at = now() - interval '11 minutes'")
            #expect(try await add(phone).problemCode == "confirmation_needed")
            #expect(
                try await acme.post("/v1/auth/confirm", ["password": "not this one"]).problemCode == "password_wrong")
            #expect(try await acme.post("/v1/auth/confirm", ["password": TestTenant.password]).status == 204)

            let begun = try await add(phone)
            let code = try await Simulator.shared.code(to: phone)
            let answer = ["challenge_id": begun.object["challenge_id"] ?? "", "code": code]
            // Nobody else can bring it.
            #expect(try await other.post("/v1/me/identities/verify", answer).problemCode == "challenge_over")
            let moved = try await acme.post("/v1/me/identities/verify", answer)
            #expect((moved.object["user"] as? [String: Any])?["phone"] as? String == phone)
            func logIn(_ identity: String) async throws -> Int {
                try await api.post("/v1/auth/login", ["identity": identity, "password": TestTenant.password]).status
            }
            #expect(try await logIn(phone) == 200)
            #expect(try await logIn(acme.phone) == 401)

            // A number that somebody has proved stays theirs, also from one who reads their messages for a moment.
            let taken = try await add(other.phone)
            let stolen = try await Simulator.shared.code(to: other.phone)
            let refused = try await acme.post(
                "/v1/me/identities/verify", ["challenge_id": taken.object["challenge_id"] ?? "", "code": stolen])
            #expect(refused.status == 409)
            #expect(refused.problemCode == "identity_taken")
        }
    }

    @Test func aCodeShowsThatItIsStillThem() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            let begun = try await acme.request("POST", "/v1/auth/confirm/code")
            let answer = [
                "challenge_id": begun.object["challenge_id"] ?? "",
                "code": try await Simulator.shared.code(to: acme.phone),
            ]
            #expect(try await other.post("/v1/auth/confirm", answer).problemCode == "challenge_over")
            #expect(try await api.verify(begun, "\(answer["code"] ?? "")").problemCode == "challenge_over")
            #expect(try await acme.post("/v1/auth/confirm", answer).status == 204)
        }
    }

    @Test func codesAreLimitedByNumberAddressAndInAll() async throws {
        func statuses(
            _ change: @escaping (inout RateLimits) -> Void, _ identities: [String], _ networks: [String]
        ) async throws -> [Int] {
            var found: [Int] = []
            try await TestAPI.run {
                TestAPI.reachesPeople(&$0)
                $0.rates.codes = nil
                $0.rates.codesDay = nil
                $0.rates.codesAddress = nil
                $0.rates.codesTotal = nil
                $0.http.proxies.networks = [NetworkRange("127.0.0.0/8")].compactMap { $0 }
                change(&$0.rates)
            } _: { api in
                for (identity, network) in zip(identities, networks) {
                    found.append(
                        try await api.post(
                            "/v1/auth/codes", ["identity": identity, "purpose": "log_in"],
                            headers: [("X-Forwarded-For", network)]
                        ).status)
                }
            }
            return found
        }
        let one = Array(repeating: "+919876543210", count: 3), many = (0..<3).map { "+91987654321\($0)" }
        let here = Array(repeating: "203.0.113.7", count: 3), about = (0..<3).map { "198.51.100.\($0)" }
        #expect(
            try await statuses({ $0.codes = RatePolicy(.codes, 2, per: .seconds(3_600)) }, one, about) == [
                202, 202, 429,
            ])
        #expect(
            try await statuses({ $0.codesDay = RatePolicy(.codesDay, 2, per: .seconds(86_400)) }, one, about)
                == [202, 202, 429])
        #expect(
            try await statuses({ $0.codesAddress = RatePolicy(.codesAddress, 2, per: .seconds(3_600)) }, many, here)
                == [202, 202, 429])
        #expect(
            try await statuses({ $0.codesTotal = RatePolicy(.codesTotal, 2, per: .seconds(86_400)) }, many, about)
                == [202, 202, 429])
    }

    @Test func codesGoToIndiaAlone() async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let abroad = try await api.register("+4915112345678")
            #expect(abroad.fields == ["/phone country_not_served"])
            let code = try await api.post("/v1/auth/codes", ["identity": "+4915112345678", "purpose": "log_in"])
            #expect(code.fields == ["/identity country_not_served"])
        }
        try await TestAPI.run { api in
            let refused = try await api.register("9876543210")
            #expect(refused.problemCode == "cannot_send")
        }
    }

    @Test(arguments: [
        (["identity": "9876543210", "purpose": "register"], "/purpose invalid_purpose"),
        (["identity": "x", "purpose": "log_in"], "/identity invalid_identity"),
        (["identity": "9876543210"], "/purpose required"),
    ])
    func eachFaultOfARequestForACodeIsNamed(_ input: [String: String], _ expected: String) async throws {
        try await TestAPI.run(TestAPI.reachesPeople) { api in
            let refused = try await api.post("/v1/auth/codes", input)
            #expect(refused.fields == [expected])
        }
    }

    static func identity(_ kind: String) -> String {
        kind == "phone"
            ? "+91\(Int.random(in: 6_000_000_000...9_999_999_999))" : "\(UUID().uuidString.lowercased())@example.in"
    }
}

extension TestAPI {
    /// Asks for a business with a number and a password.
    func register(_ phone: String) async throws -> RawClient.Reply {
        try await post(
            "/v1/auth/register",
            ["business_name": "New", "name": "N", "phone": phone, "password": "another password"])
    }

    /// Brings a code to the challenge that was begun.
    func verify(_ begun: RawClient.Reply, _ code: String, _ more: [String: String] = [:]) async throws
        -> RawClient.Reply
    {
        let answer = ["challenge_id": begun.object["challenge_id"] as? String ?? "", "code": code]
        return try await post("/v1/auth/verify", answer.merging(more) { _, new in new })
    }
}

extension TestTenant {
    func request(_ method: String, _ target: String) async throws -> RawClient.Reply {
        try await api.request(method, target, token: token)
    }
}

extension RawClient.Reply {
    /// What is wrong, as `pointer code`.
    var fields: [String] {
        (object["errors"] as? [[String: String]] ?? []).map { "\($0["pointer"] ?? "") \($0["code"] ?? "")" }
    }
}
