// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation
import JSON
import Tokens

// For the benchmark: signs tokens, says what checking each costs when it is new and when it has been seen before, and prints
// them with the public key, so that others can check the same ones.

let key = Curve25519.Signing.PrivateKey()
let tokens = await AccessTokens(
    signingKeys: [SigningKey(activeFrom: Instant(microseconds: 0), key: Secret(key))], TokenConfiguration())

func person() -> Caller.Person {
    Caller.Person(
        userID: .next(), sessionID: .next(), tenantID: .next(), standing: Standing(role: .owner, changedAt: .now()))
}

var signed: [String] = []
for _ in 0..<2_000 { signed.append(try await tokens.sign(person())) }
let clock = ContinuousClock()
let fresh = try await clock.measure { for token in signed { _ = try await tokens.verify(token) } }
let rounds = 50
let known = try clock.measure {
    for _ in 0..<rounds {
        for token in signed {
            _ = try unsafe token.utf8.withContiguousStorageIfAvailable { try unsafe tokens.remembered($0.span) }
        }
    }
}
var json = JSONWriter()
json.object { json in
    json.member("fresh_nanoseconds", Int(fresh / .nanoseconds(1)) / signed.count)
    json.member("known_nanoseconds", Int(known / .nanoseconds(1)) / signed.count / rounds)
    json.member("tokens", signed)
    json.member("keys", String(decoding: tokens.keySet, as: UTF8.self))
}
print(String(decoding: json.bytes, as: UTF8.self))
