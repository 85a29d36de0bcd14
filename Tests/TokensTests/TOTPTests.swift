// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing
import Tokens

@Suite struct TOTPTests {
    /// RFC 6238, appendix B, for SHA-1: the last six of their eight digits.
    @Test(
        arguments: [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
            (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ] as [(Int64, String)])
    func codesAreThoseOfTheStandard(_ seconds: Int64, _ expected: String) {
        let totp = TOTP(secret: Secret(Array("12345678901234567890".utf8)))
        #expect(totp.code(at: seconds / TOTP.step) == expected)
    }

    @Test func aCodeIsGoodForItsMomentAndItsNeighboursAndOnce() throws {
        let totp = TOTP.random(), now = Instant(microseconds: 1_800_000_000_000_000)
        let present = now.seconds / TOTP.step
        for (step, isGood) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] as [(Int64, Bool)] {
            let code = try #require(OneTimeCode(totp.code(at: present + step)))
            let found = totp.step(of: code, now: now)
            // Two steps may have one code by chance, once in half a million.
            if isGood {
                #expect(found != nil)
            } else if found != nil {
                #expect(totp.code(at: found ?? 0) == code.digits)
            }
            #expect(totp.step(of: code, now: now, after: present + 1) == nil)
        }
    }

    /// RFC 4648 §10, without the padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func base32IsThatOfTheStandard(_ text: String, _ expected: String) {
        #expect(Base32.encode(Array(text.utf8)) == expected)
    }

    @Test func theAddressForACameraSaysWhatAnAppNeeds() {
        let totp = TOTP(secret: Secret(Array("12345678901234567890".utf8)))
        #expect(
            totp.uri(account: "+919876543210").reveal()
                == "otpauth://totp/Unnati:%2B919876543210?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Unnati&algorithm=SHA1&digits=6&period=30"
        )
    }

    @Test func aRecoveryCodeIsReadAsPeopleTypeIt() throws {
        let code = RecoveryCode.random(), text = code.text.reveal()
        for typed in [text, text.uppercased(), text.replacing("-", with: " "), text.replacing("-", with: "")] {
            #expect(RecoveryCode(typed) == code)
        }
        for wrong in ["", "12345", text + "2", "abcde-fghi1", String(repeating: "a", count: 100)] {
            #expect(RecoveryCode(wrong) == nil)
        }
    }

    private static func key(from seconds: Int64 = 0) -> SealingKey {
        SealingKey(activeFrom: Instant(microseconds: seconds * 1_000_000), key: Secret(.init(size: .bits256)))
    }

    @Test func anotherKeySealsFromItsMomentOnAndTheOldOneStillOpens() {
        let old = Self.key(), new = Self.key(from: 1_000), purpose = SecretSeal.Purpose("totp", .next())
        func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }
        let seal = SecretSeal(keys: [old]), secret = Array("secret".utf8)
        let before = seal.seal(secret, for: purpose)
        seal.replaceKeys([old, new])
        let meanwhile = seal.seal(secret, for: purpose, now: at(999)),
            after = seal.seal(secret, for: purpose, now: at(1_000))
        #expect([before, meanwhile, after].map { seal.open($0, for: purpose) } == [secret, secret, secret])
        #expect([before, meanwhile, after].map { seal.isCurrent($0, now: at(999)) } == [true, true, false])
        #expect([before, meanwhile, after].map { seal.isCurrent($0, now: at(1_000)) } == [false, false, true])
        #expect(!seal.isCurrent([], now: at(1_000)))
        seal.replaceKeys([new])
        #expect([before, after].map { seal.open($0, for: purpose) } == [nil, secret])
    }

    @Test func aSealOpensForItsPurposeAlone() throws {
        let seal = SecretSeal(keys: [Self.key()]), other = SecretSeal(keys: [Self.key()])
        let owner = UUIDv7.next(), purpose = SecretSeal.Purpose("totp", owner)
        let sealed = seal.seal(Array("secret".utf8), for: purpose)
        #expect(seal.open(sealed, for: purpose) == Array("secret".utf8))
        #expect(seal.open(sealed, for: .init("totp", .next())) == nil)
        #expect(seal.open(sealed, for: .init("other", owner)) == nil)
        #expect(other.open(sealed, for: purpose) == nil)
        for index in sealed.indices {
            var wrong = sealed
            wrong[index] ^= 1
            #expect(seal.open(wrong, for: purpose) == nil)
        }
        for length in [0, 1, 8, 9, 20, 36, sealed.count - 1] {
            #expect(seal.open(Array(sealed.prefix(length)), for: purpose) == nil)
        }
    }
}
