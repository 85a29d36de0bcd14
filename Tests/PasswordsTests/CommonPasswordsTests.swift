// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Passwords
import Testing

@Suite struct CommonPasswordsTests {
    @Test(arguments: [
        "password", "12345678", "PASSWORD", "iloveyou", "1qaz2wsx", "jaimatadi", "Admin@123", "9876543210",
    ])
    func whatIsGuessedFirstIsKnown(_ password: String) { #expect(CommonPasswords.contains(password)) }

    @Test(arguments: [
        "seven silk saris", "eight cotton kurtas", "दर्ज़ी की दुकान", "", "\u{0}", "correct horse battery staple",
    ])
    func otherPasswordsAreNot(_ password: String) { #expect(!CommonPasswords.contains(password)) }

    @Test func theListIsLongEnough() { #expect(CommonPasswords.count > 3_000) }
}
