// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing

@Suite struct PhoneNumberTests {
    @Test(arguments: [
        "9876543210", "98765 43210", "+91 98765-43210", "+919876543210", "0091 9876543210", "919876543210",
        "09876543210",
        "(0)98765.43210", "९८७६५ ४३२१०", "+९१ ९८७६५४३२१०", "૯૮૭૬૫૪૩૨૧૦", "\u{202A}+91 98765 43210\u{202C}",
        "＋91 98765 43210",
    ])
    func everyUsualSpellingIsOneNumber(_ text: String) {
        #expect(PhoneNumber(text)?.e164 == "+919876543210")
    }

    @Test(arguments: [
        "", " ", "12345", "5876543210", "987654321", "98765432101", "+91 5876543210", "1800 123 4567", "98765abc10",
        "+", "++919876543210",
        "9876543210 ext 5", "+0123456789", "9.19877E+11",
    ])
    func whatIsNoNumberIsRefused(_ text: String) {
        #expect(PhoneNumber(text) == nil)
    }

    @Test func aNumberOfAnotherCountryKeepsItsCode() {
        #expect(PhoneNumber("+44 20 7946 0958")?.e164 == "+442079460958")
    }

    @Test func aVeryLongTextIsRefusedAtOnce() {
        #expect(PhoneNumber(String(repeating: "9", count: 1_000_000)) == nil)
    }
}

@Suite struct EmailAddressTests {
    @Test func caseAndSpacesAroundDoNotMatter() {
        #expect(EmailAddress("  Asha.Rao@Example.IN ")?.address == "asha.rao@example.in")
    }

    @Test(arguments: [
        "", "@", "a@b", "a b@example.in", "a@example..in", "a@-example.in", ".a@example.in", "a@example.123",
        "a@exa\r\nmple.in", "a@",
        "\"a\"@example.in",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(EmailAddress(text) == nil)
    }
}
