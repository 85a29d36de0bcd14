// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Jobs
import Tokens

/// Sends a code. What it says and to whom is sealed, so that neither lies readable in the queue.
package struct CodeDelivery: Job {
    package static let kind = "one_time_code"
    package static let priority = JobPriority.urgent
    package static let timeout = Duration.seconds(60)
    /// Whoever waits has asked for another by then.
    package static let maximumAttempts = 4

    let id: ChallengeID
    let sealed: [UInt8]

    init(_ message: CodeMessage, seal: SecretSeal) {
        id = message.id
        sealed = seal.seal(message.jsonBytes, for: Self.purpose(message.id))
    }

    private static func purpose(_ id: ChallengeID) -> SecretSeal.Purpose { .init("code delivery", id.uuid) }

    private enum CodingKeys: String, CodingKey {
        case challengeID = "challenge_id"
        case sealed
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let id = ChallengeID(try container.decode(String.self, forKey: .challengeID)),
            sealed = Base64.url.decode(try container.decode(String.self, forKey: .sealed).utf8)
        guard let id, let sealed else {
            throw DecodingError.dataCorruptedError(forKey: .sealed, in: container, debugDescription: "no delivery")
        }
        self.id = id
        self.sealed = sealed
    }

    /// `{"challenge_id": "chl_…", "sealed": "AX…"}`
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("challenge_id", id)
            json.member("sealed", Base64.url.encode(sealed))
        }
    }

    /// Opens it and has it sent, unless it is too late or there is nobody to send it to.
    /// - Throws: `JobFailure`, what `send` throws.
    package func perform(seal: SecretSeal, send: (CodeMessage) async throws -> Void) async throws {
        guard let opened = seal.open(sealed, for: Self.purpose(id)),
            let message = try? JSONDecoding.decode(CodeMessage.self, from: opened)
        else {
            throw JobFailure.retry(
                after: .seconds(15), reason: "It was sealed with another key than KEYS_DIRECTORY holds here.")
        }
        guard message.isWanted, message.expiresAt > .now() else { return }
        try await send(message)
    }
}

/// A code on its way.
package struct CodeMessage: Sendable, Decodable, JSONWritable {
    package let id: ChallengeID
    package let to: LoginIdentity
    package let code: Secret<String>
    package let purpose: ChallengePurpose
    let expiresAt: Instant
    /// Where nobody has the number or address that was asked for, no code is sent; all else is done, so that the time it takes
    /// does not tell.
    let isWanted: Bool

    init(
        id: ChallengeID, to identity: LoginIdentity, _ code: OneTimeCode, _ purpose: ChallengePurpose,
        expiresAt: Instant, isWanted: Bool
    ) {
        self.id = id
        to = identity
        self.code = Secret(code.digits)
        self.purpose = purpose
        self.expiresAt = expiresAt
        self.isWanted = isWanted
    }

    private enum CodingKeys: String, CodingKey {
        case id, kind, value, code, purpose
        case expiresAt = "expires_at"
        case isWanted = "is_wanted"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let id = ChallengeID(try container.decode(String.self, forKey: .id)),
            let identity = LoginIdentity(
                kind: try container.decode(String.self, forKey: .kind),
                value: try container.decode(String.self, forKey: .value)),
            let purpose = ChallengePurpose(rawValue: try container.decode(String.self, forKey: .purpose))
        else { throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "no message") }
        self.id = id
        to = identity
        code = Secret(try container.decode(String.self, forKey: .code))
        self.purpose = purpose
        expiresAt = Instant(microseconds: try container.decode(Int64.self, forKey: .expiresAt))
        isWanted = try container.decode(Bool.self, forKey: .isWanted)
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("kind", to.kind)
            json.member("value", to.value)
            json.member("code", code.reveal())
            json.member("purpose", purpose.rawValue)
            json.member("expires_at", Int(expiresAt.microseconds))
            json.member("is_wanted", isWanted)
        }
    }
}
