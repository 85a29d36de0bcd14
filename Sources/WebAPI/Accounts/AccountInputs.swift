// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import Tokens

/// `{"phone": "098765 43210"}` or `{"email": "meera@example.in"}`.
struct IdentityInput: Decodable {
    let phone: String?, email: String?

    /// One of the two, or noted errors.
    func identity(_ validation: inout Validation) -> LoginIdentity? {
        switch (phone, email) {
        case (let phone?, nil):
            return validation.check { () throws(FieldError) in .phone(try PhoneNumber(phone, at: "/phone")) }
        case (nil, let email?):
            return validation.check { () throws(FieldError) in .email(try EmailAddress(email, at: "/email")) }
        case (nil, nil):
            validation.fail(FieldError("", "required", "Give a phone number or an e-mail address to sign in with."))
        default:
            validation.fail(FieldError("/email", "one_of", "Give one of the two; the other can be added later."))
        }
        return nil
    }

    func identity() throws(ValidationError) -> LoginIdentity {
        var validation = Validation()
        let identity = identity(&validation)
        try validation.finish()
        guard let identity else { throw ValidationError([]) }
        return identity
    }
}

/// `{"business_name": "Meera Tailors"}` or `{"invitation": "it_…"}`.
struct AimInput: Decodable {
    let businessName: String?, invitation: String?

    enum CodingKeys: String, CodingKey { case businessName = "business_name", invitation }

    /// What somebody comes for; nil when they do not say, or noted an error.
    func aim(_ validation: inout Validation) -> Registration.Aim? {
        switch (businessName, invitation) {
        case (let name?, nil):
            return validation.check { () throws(FieldError) in
                .found(try Text(name, at: "/business_name", maximumBytes: 200))
            }
        case (nil, let token?) where token.utf8.count <= 128: return .join(invitation: token)
        case (nil, .some): validation.fail(FieldError("/invitation", "too_long", "At most 128 bytes."))
        case (nil, nil): break
        default:
            validation.fail(FieldError("/invitation", "one_of", "Open a business or join one, not both at once."))
        }
        return nil
    }
}

/// `{"challenge_id": "chl_…", "code": "123456"}`.
struct CodeInput: Decodable {
    let challengeID: String, code: String
    enum CodingKeys: String, CodingKey { case challengeID = "challenge_id", code }

    /// - Throws: `FieldError` for what is no code, `AccountError.challengeOver` for an id that can be nobody's.
    func answer() throws -> (id: ChallengeID, code: OneTimeCode) {
        guard let code = OneTimeCode(code) else {
            throw FieldError("/code", "invalid_code", "The six digits that were sent.")
        }
        guard let id = ChallengeID(challengeID) else { throw AccountError.challengeOver }
        return (id, code)
    }
}

extension LoginIdentity {
    /// - Throws: `FieldError` with code `invalid_identity`, at `pointer`.
    init(_ text: String, at pointer: String) throws(FieldError) {
        guard let identity = LoginIdentity(text) else {
            throw FieldError(pointer, "invalid_identity", "Give a phone number or an e-mail address.")
        }
        self = identity
    }

    /// - Throws: `FieldError` with code `country_not_served`, at `pointer`.
    func check(isServedIn countries: [String], at pointer: String) throws(FieldError) {
        guard case .phone(let phone) = self, !countries.contains(where: { phone.e164.hasPrefix("+\($0)") }) else {
            return
        }
        throw FieldError(
            pointer, "country_not_served",
            "Codes are sent to numbers that begin with \(countries.map { "+\($0)" }.joined(separator: ", ")) only. Use an e-mail address."
        )
    }
}

extension TenantID {
    /// The business that somebody wants to enter, where they say which.
    /// - Throws: `AccountError.tenantUnknown` for what can be nobody's.
    init?(wanted text: String?) throws(AccountError) {
        guard let text else { return nil }
        guard let id = TenantID(text) else { throw .tenantUnknown }
        self = id
    }
}

extension SecondFactorService.Answer {
    /// - Throws: `FieldError` with code `invalid_code`, at `pointer`.
    init(_ typed: String, at pointer: String) throws(FieldError) {
        guard let answer = SecondFactorService.Answer(typed) else {
            throw FieldError(pointer, "invalid_code", "The six digits that the app shows, or a recovery code.")
        }
        self = answer
    }
}
