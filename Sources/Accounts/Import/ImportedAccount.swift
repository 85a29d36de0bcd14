// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Passwords

/// A business with its owner, from another system:
///
///     {"business_name": "Meera Tailors", "name": "Meera Shah", "phone": "9876500001", "password_hash": "$2y$10$…"}
package struct ImportedAccount: Sendable {
    package let businessName: Text
    package let name: Text
    package let phone: PhoneNumber?
    package let email: EmailAddress?
    /// Of a form that `PasswordHasher` verifies; nil for somebody who signs in by codes.
    package let passwordHash: String?

    private struct Line: Decodable {
        let businessName: String, name: String, phone: String?, email: String?, passwordHash: String?

        enum CodingKeys: String, CodingKey {
            case businessName = "business_name"
            case name, phone, email
            case passwordHash = "password_hash"
        }
    }

    /// - Throws: `ValidationError`, `JSONError`.
    package init(json: [UInt8]) throws {
        let line = try JSONDecoding.decode(Line.self, from: json)
        var validation = Validation()
        let businessName = validation.check { () throws(FieldError) in
            try Text(line.businessName, at: "/business_name", maximumBytes: 200)
        }
        let name = validation.check { () throws(FieldError) in try Text(line.name, at: "/name", maximumBytes: 200) }
        let phone = validation.check { () throws(FieldError) in
            try line.phone.map { text throws(FieldError) in try PhoneNumber(text, at: "/phone") }
        }
        let email = validation.check { () throws(FieldError) in
            try line.email.map { text throws(FieldError) in try EmailAddress(text, at: "/email") }
        }
        if line.phone == nil && line.email == nil {
            validation.fail(FieldError("", "required", "Give a phone number or an e-mail address to sign in with."))
        }
        if let hash = line.passwordHash, !PasswordHasher.canVerify(hash) {
            validation.fail(
                FieldError(
                    "/password_hash", "unusable_hash",
                    "Hashes that can be used are $2a$, $2b$, $2y$ up to cost 14, $argon2id$ up to 128 MiB, and $bcrypt-sha256$v=2."
                ))
        }
        try validation.finish()
        guard let businessName, let name else { throw ValidationError([]) }
        self.businessName = businessName
        self.name = name
        self.phone = phone ?? nil
        self.email = email ?? nil
        passwordHash = line.passwordHash
    }
}
