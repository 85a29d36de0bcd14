// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing

@Suite struct EncodingTests {
    /// RFC 4648 §10, in the URL alphabet and without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64FollowsTheStandard(_ plain: String, _ encoded: String) {
        #expect(Base64.url.encode(plain.utf8) == encoded)
        #expect(Base64.url.decode(encoded.utf8) == Array(plain.utf8))
    }

    /// A second spelling of the same bytes would be a second token.
    @Test(arguments: ["Zh", "Zm9", "Z", "Zm9v=", "Zm+v", "Zm 9v", "é"])
    func base64HasOneSpellingForEachValue(_ text: String) {
        #expect(Base64.url.decode(text.utf8) == nil)
    }

    @Test func identifiersKeepTheirKind() {
        let customer = TenantID.next()

        #expect(TenantID(customer.description) == customer)
        #expect(UserID(customer.description) == nil)
        #expect(TenantID(customer.description.uppercased()) == nil)
        #expect(TenantID("ten_") == nil)
    }

    @Test func laterIdentifiersAreGreater() {
        let earlier = UUIDv7(at: Instant(microseconds: 1_700_000_000_000_000), random: .max)
        let later = UUIDv7(at: Instant(microseconds: 1_700_000_000_000_500), random: 0)

        #expect(earlier < later)
        #expect(earlier.hex.dropFirst(12).first == "7")
    }

    /// Also of those that are made in the same microsecond, by several at once.
    @Test func whatIsMadeInARowIsInOrder() async {
        let all = await withTaskGroup(of: [UUIDv7].self, returning: [[UUIDv7]].self) { group in
            for _ in 0..<4 { group.addTask { (0..<20_000).map { _ in UUIDv7.next() } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for ids in all {
            #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
            #expect(ids.allSatisfy { $0.hex.dropFirst(12).first == "7" })
        }
        #expect(Set(all.joined().map(\.high)).count == 80_000)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_709_164_800_123_456, "2024-02-29T00:00:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (4_102_444_799_999_999, "2099-12-31T23:59:59.999Z"),
            (Int64.max, "9999-12-31T23:59:59.999Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"), (-2_203_891_200_000_001, "1900-02-28T23:59:59.999Z"),
            (1_798_761_599_909_000, "2026-12-31T23:59:59.909Z"),
        ] as [(Int64, String)])
    func instantsAreWrittenInUTC(_ microseconds: Int64, _ text: String) {
        #expect(Instant(microseconds: microseconds).description == text)
    }

    @Test func identifiersAreWrittenDigitByDigit() {
        for digit in UInt64(0)..<16 {
            for place in 0..<32 {
                let word = digit << UInt64(60 - place % 16 * 4)
                let uuid = UUIDv7(high: place < 16 ? word : 0, low: place < 16 ? 0 : word)
                var digits = [Character](repeating: "0", count: 32)
                digits[place] = Array("0123456789abcdef")[Int(digit)]
                #expect(uuid.hex == String(digits))
            }
        }
        #expect(
            UUIDv7(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210).hex == "0123456789abcdeffedcba9876543210")
    }

    @Test func aSecretShowsNothing() {
        let secret = Secret("hunter2")

        #expect(!"\(secret) \(String(reflecting: secret))".contains("hunter2"))
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test func aSearchKeyFoldsCaseAndAccentsButKeepsVowelSigns() {
        #expect("Zoë DÍAZ".searchKey == "zoe diaz")
        #expect("सुरेश".searchKey == "सुरेश".normalizedNFC)
    }
}
