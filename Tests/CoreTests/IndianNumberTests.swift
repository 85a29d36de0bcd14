// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing

@Suite struct IndianNumberTests {
    /// Published samples.
    @Test(arguments: [
        "27AAPFU0939F1ZV", "27aapfu0939f1zv", "27 AAPFU0939F 1Z V", "27-AAPFU0939F-1ZV", "24AAACC1206D1ZM",
    ])
    func aGSTINIsReadAsTyped(_ text: String) {
        #expect(GSTIN(text)?.value.count == 15)
    }

    @Test(arguments: [
        "", "27AAPFU0939F1Z", "27AAPFU0939F1ZX", "27AAPFU0939F1ZVV", "00AAPFU0939F1ZV", "39AAPFU0939F1ZV",
        "27AAPZU0939F1ZV", "27AAPFU0000F1ZV", "27AAPFU0939F0ZV", "27AAPFU0939F1YV", "2७AAPFU0939F1ZV",
        "27AAPFU0939F1Z\u{0}",
    ])
    func whatIsNoGSTINIsNot(_ text: String) {
        #expect(GSTIN(text) == nil)
    }

    /// One letter that is wrong, and two neighbours that have changed places, are noticed.
    @Test func aSlipOfThePenIsNoticed() {
        let right = Array("27AAPFU0939F1ZV")
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for index in right.indices {
            for letter in alphabet where letter != right[index] {
                var wrong = right
                wrong[index] = letter
                #expect(GSTIN(String(wrong)) == nil)
            }
        }
    }

    @Test(arguments: [("380009", "380009"), ("380 009", "380009"), ("३८०००९", "380009"), ("૩૮૦૦૦૯", "380009")])
    func aPINCodeIsReadInAnyScript(_ text: String, _ value: String) {
        #expect(PINCode(text)?.value == value)
    }

    @Test(arguments: ["", "038009", "38000", "3800099", "38000a", "380-009", "३८०००"])
    func whatIsNoPINCodeIsNot(_ text: String) {
        #expect(PINCode(text) == nil)
    }

    @Test(arguments: [
        ("meera@okhdfc", "meera@okhdfc"), (" Meera.Tailors-1_2@YBL ", "meera.tailors-1_2@ybl"), ("98@upi", "98@upi"),
    ])
    func aUPIAddressIsReadInAnyCase(_ text: String, _ value: String) {
        #expect(UPIAddress(text)?.value == value)
    }

    @Test(arguments: [
        "", "meera", "meera@", "@ybl", "m@ybl", "meera@y", "meera@bank.in", "me era@ybl", "meera@@ybl", "मीरा@ybl",
        "a@b@c", "meera@ybl&am=1",
    ])
    func whatIsNoUPIAddressIsNot(_ text: String) {
        #expect(UPIAddress(text) == nil)
    }
}
