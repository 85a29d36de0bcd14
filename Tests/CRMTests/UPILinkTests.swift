// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

@Suite struct UPILinkTests {
    private let payee = UPIAddress(stored: "meera@ybl")

    @Test func everyValueIsEncoded() {
        let link = UPILink(
            payee: payee, name: "Meera & Daughters + Co", amountPaise: 123_456_705, note: "Khata 1=2?",
            reference: "01a205e9")
        #expect(
            link?.text
                == "upi://pay?pa=meera%40ybl&pn=Meera%20%26%20Daughters%20%2B%20Co&am=1234567.05&cu=INR&tn=Khata%201%3D2%3F&tr=01a205e9"
        )
        #expect(
            UPILink(payee: payee, name: "मीरा", amountPaise: nil)?.text
                == "upi://pay?pa=meera%40ybl&pn=%E0%A4%AE%E0%A5%80%E0%A4%B0%E0%A4%BE&cu=INR")
    }

    @Test(arguments: [1, 99, 100, 100_000, 123_456_789, 1_000_000_000_000_000])
    func whatIsWrittenIsReadAgain(_ paise: Int) throws {
        for name in ["Meera Tailors", "मीरा टेलर्स", "A&B=C", "100% + more", ""] {
            let link = try #require(
                UPILink(payee: payee, name: name, amountPaise: paise, note: "Khata", reference: "A1"))
            #expect(UPILink.parse(link.text) == link)
        }
    }

    @Test func boundsAreKept() throws {
        for paise in [0, -1, 1_000_000_000_000_001] {
            #expect(UPILink(payee: payee, name: "x", amountPaise: paise) == nil)
        }
        for reference in ["", "a b", "a-b", "é", String(repeating: "a", count: 36)] {
            #expect(UPILink(payee: payee, name: "x", amountPaise: 1, reference: reference) == nil)
        }
        // Cut between letters: a vowel sign stays with its consonant.
        let long = try #require(
            UPILink(
                payee: payee, name: String(repeating: "की", count: 50), amountPaise: 1,
                note: String(repeating: "n", count: 60)))
        #expect(long.name == String(repeating: "की", count: 16))
        #expect(long.note?.utf8.count == 50)
        #expect(UPILink.parse(long.text) == long)
    }

    @Test func linksOfOthersAreRead() {
        let link = UPILink.parse("UPI://PAY?am=5&mc=5411&pa=SHOP@upi&mode=02&pn=Shop")
        #expect(link?.payee.value == "shop@upi" && link?.amountPaise == 500 && link?.name == "Shop")
    }

    @Test(arguments: [
        "", "upi://pay", "upi://pay?", "upi://pay?pn=x", "https://pay?pa=a1@upi", "upi://pay?pa=a1@upi&pa=b1@upi",
        "upi://pay?pa=a1@upi&cu=USD", "upi://pay?pa=a1@upi&am=1,000", "upi://pay?pa=a1@upi&am=-5",
        "upi://pay?pa=a1@upi&am=0", "upi://pay?pa=a1@upi&am=5.001", "upi://pay?pa=a1@upi&am=Rs5",
        "upi://pay?pa=a1@upi&tn=%zz", "upi://pay?pa=a1@upi&tn=%0a", "upi://pay?pa=a1@upi&tr=a%20b",
        "upi://pay?pa=a1@upi&x", "upi://pay?pa=a1@upi&tn=" + String(repeating: "x", count: 2_100),
    ])
    func whatIsNoLinkIsNot(_ text: String) {
        #expect(UPILink.parse(text) == nil)
    }
}

@Suite struct LedgerDayTests {
    @Test func aDayBeginsAtMidnightInIndia() throws {
        for (time, day) in [
            ("2026-01-30T18:29:59Z", "2026-01-30"), ("2026-01-30T18:30:00Z", "2026-01-31"),
            ("2026-12-31T18:30:00Z", "2027-01-01"), ("2028-02-28T18:30:00Z", "2028-02-29"),
            ("2026-01-31T00:00:00+05:30", "2026-01-31"),
        ] {
            #expect(LedgerDay(of: try #require(Instant(rfc3339: time))).description == day)
        }
        #expect(try LedgerDay("2026-01-31", at: "/x").written == "31/01/2026")
        #expect(try LedgerDay("2026-01-31", at: "/x") < LedgerDay("2026-02-01", at: "/x"))
    }

    @Test(arguments: ["", "2026-02-29", "2026-13-01", "--01-31", "31/01/2026", "2026-1-31", "2026-01-31T10:00:00Z"])
    func whatIsNoDayIsNot(_ text: String) {
        #expect(throws: FieldError.self) { try LedgerDay(text, at: "/x") }
    }
}
