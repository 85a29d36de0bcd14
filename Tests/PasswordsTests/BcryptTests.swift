// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Passwords
import Testing

@Suite struct BcryptTests {
    /// Hashes made by others: John the Ripper and crypt_blowfish (Openwall), OpenBSD's regress suite and jBCrypt (Damien
    /// Miller), and the Python package bcrypt.
    @Test(arguments: [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        (
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
        ),
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkY8jIucDrjc8deX1s."),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        ("abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
        ("~!@#$%^&*()      ~!@#$%^&*()PNBFRD", "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO"),
        ("Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
        ("9IeRXmnGxMYbs", "$2b$04$pQ7gRO7e6wx/936oXhNjrOUNOHL1D0h1N2IDbJZYs.1ppzSof6SPy"),
        ("xVQVbwa1S0M8r", "$2b$04$SQe9knOzepOVKoYXo9xTteNYr6MBwVz4tpriJVe3PNgYufGIsgKcW"),
    ])
    func agreesWithOtherImplementations(_ password: String, _ hash: String) throws {
        let parsed = BcryptHash(hash)
        // One of the published strings above is a character short: it must be refused, not guessed at.
        guard hash.utf8.count == 60 else {
            #expect(parsed == nil)
            return
        }
        #expect(try #require(parsed).verify(Array(password.utf8)))
        #expect(try #require(parsed).verify(Array((password + "x").utf8)) == (password.utf8.count >= 72))
    }

    @Test(arguments: [
        "", "$2b$", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$-5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$ 5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
        "$2b$05$CCCCCCCC!CCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$éCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ])
    func badHashesAreRefused(_ hash: String) {
        #expect(BcryptHash(hash) == nil)
    }

    @Test func aNulDoesNotEndThePassword() throws {
        let hash = try #require(BcryptHash("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"))
        #expect(!hash.verify(Array("U*U\0anything".utf8)))
    }
}

@Suite struct BcryptSHA256Tests {
    /// From passlib's documentation of bcrypt_sha256, version 2.
    @Test func agreesWithPasslib() throws {
        let hash = try #require(
            BcryptSHA256("$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2"))
        #expect(hash.verify(Array("password".utf8)))
        #expect(!hash.verify(Array("Password".utf8)))
    }

    @Test func everyByteOfALongPasswordCounts() {
        let long = [UInt8](repeating: 0x61, count: 1_000)
        let hash = BcryptSHA256(hashing: long, cost: 4)

        #expect(hash.verify(long))
        for index in [72, 73, 500, 999] {
            var other = long
            other[index] = 0x62
            #expect(!hash.verify(other))
        }
        #expect(BcryptSHA256(hash.text) == hash)
    }

    @Test(arguments: [
        "$bcrypt-sha256$v=1,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "$bcrypt-sha256$v=2,t=2a,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "$bcrypt-sha256$v=2,t=2b,r=99$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "$bcrypt-sha256$v=2,t=2b,r=04$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku", "$bcrypt-sha256$v=2,t=2b,r=12$$", "$bcrypt-sha256$",
    ])
    func badHashesAreRefused(_ hash: String) {
        #expect(BcryptSHA256(hash) == nil)
    }
}

@Suite struct PasswordHasherTests {
    private var hasher: PasswordHasher {
        var configuration = PasswordConfiguration()
        configuration.cost = 5
        return PasswordHasher(configuration)
    }

    @Test func importedHashesVerifyAndAskForARehash() async throws {
        let verdicts = [
            try await hasher.verify("U*U", against: "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            // RFC 9106's reference implementation, `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`
            try await hasher.verify(
                "password",
                against: "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
        ]
        #expect(verdicts == [.right(rehash: true), .right(rehash: true)])
    }

    @Test func aHashOfTheCurrentKindIsLeftAlone() async throws {
        let hash = try await hasher.hash("पासवर्ड लंबा")

        #expect(try await hasher.verify("पासवर्ड लंबा", against: hash) == .right(rehash: false))
        #expect(try await hasher.verify("पासवर्ड लंब", against: hash) == .wrong)
    }

    @Test(arguments: [
        "", "plain", "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$x",
    ])
    func unknownFormsMatchNothing(_ stored: String) async throws {
        #expect(try await hasher.verify("password", against: stored) == .wrong)
    }

    @Test func nobodyTakesAsLongAsSomebody() async throws {
        let hasher = hasher
        let stored = try await hasher.hash("right")
        func time(_ against: String?) async throws -> Duration {
            var best = Duration.seconds(1)
            for _ in 0..<15 {
                best = min(
                    best, try await ContinuousClock().measure { _ = try await hasher.verify("wrong", against: against) }
                )
            }
            return best
        }

        let somebody = try await time(stored), nobody = try await time(nil)

        #expect(abs((somebody - nobody) / somebody) < 0.25)
    }
}
