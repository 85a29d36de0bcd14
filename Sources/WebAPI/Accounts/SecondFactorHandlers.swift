// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// A person's authenticator app.
struct SecondFactorHandlers: Sendable {
    let factors: SecondFactorService
    let gatekeeper: Gatekeeper

    func mount(on person: RouteGroup<PersonContext>) {
        person.post(
            "/v1/me/second-factor", operation: "offerSecondFactor", access: .person, repeating: .harmless,
            body: .nothing, offer)
        person.post(
            "/v1/me/second-factor/confirm", operation: "confirmSecondFactor", access: .person, repeating: .harmless,
            body: .small, confirm)
        person.delete("/v1/me/second-factor", operation: "removeSecondFactor", access: .person, remove)
        person.post(
            "/v1/me/recovery-codes", operation: "renewRecoveryCodes", access: .person, repeating: .harmless,
            body: .nothing, renew)
    }

    func offer(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(OfferOutput(offer: try await factors.offer(context.person)), status: .created)
    }

    struct ConfirmInput: Decodable { let code: String }

    func confirm(_ request: Request, _ context: PersonContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        guard let code = OneTimeCode(try request.json(ConfirmInput.self).code) else {
            throw FieldError("/code", "invalid_code", "The six digits that the app shows.")
        }
        return .json(RecoveryCodesOutput(codes: try await factors.confirm(code, context.person)))
    }

    func remove(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await factors.remove(context.person)
        return Response(.noContent)
    }

    func renew(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(RecoveryCodesOutput(codes: try await factors.renewRecoveryCodes(context.person)))
    }
}

/// `{"secret": "JBSWY3DP…", "uri": "otpauth://totp/…"}`
private struct OfferOutput: JSONWritable {
    let offer: SecondFactorService.Offer

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("secret", offer.secret.reveal())
            json.member("uri", offer.uri.reveal())
        }
    }
}

/// `{"recovery_codes": ["7kq3m-x9twp", …]}`
private struct RecoveryCodesOutput: JSONWritable {
    let codes: [Secret<String>]

    func write(to json: inout JSONWriter) {
        json.object { json in json.member("recovery_codes", codes.map { $0.reveal() }) }
    }
}
