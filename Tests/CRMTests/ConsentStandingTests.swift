// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

private func at(_ text: String) -> Instant { Instant(rfc3339: text) ?? Instant(microseconds: 0) }

@Suite struct SendingHoursTests {
    @Test(arguments: [("10:00-21:00", 600, 1_260), ("00:00-24:00", 0, 1_440), ("09:05-09:06", 545, 546)])
    func hoursAreReadAsTheyAreWritten(_ text: String, _ opens: Int, _ closes: Int) {
        let hours = SendingHours(text)
        #expect(hours == SendingHours(opens: opens, closes: closes))
        #expect(hours?.description == text)
    }

    @Test(arguments: [
        "", "10:00", "10:00-", "21:00-10:00", "10:00-10:00", "10:00-24:01", "10:60-11:00", "1:00-2:00",
        "10:00-21:00-22:00",
        "10.00-21.00", "-1:00-02:00", "१०:००-२१:००",
    ])
    func whatIsNoStretchOfADayIsNone(_ text: String) { #expect(SendingHours(text) == nil) }

    /// India is five and a half hours ahead.
    @Test func theDayIsIndias() {
        let hours = SendingHours(opens: 600, closes: 1_260)
        #expect(hours.end(at: at("2026-11-26T04:29:59.999999Z")) == nil)
        #expect(hours.end(at: at("2026-11-26T04:30:00Z")) == at("2026-11-26T15:30:00Z"))
        #expect(hours.end(at: at("2026-11-26T15:29:59.999999Z")) == at("2026-11-26T15:30:00Z"))
        #expect(hours.end(at: at("2026-11-26T15:30:00Z")) == nil)
        #expect(hours.nextOpening(after: at("2026-11-26T15:30:00Z")) == at("2026-11-27T04:30:00Z"))
        // Past midnight in India, and still the day before in UTC.
        #expect(hours.nextOpening(after: at("2026-11-26T19:00:00Z")) == at("2026-11-27T04:30:00Z"))
        #expect(hours.nextOpening(after: at("2026-12-31T18:31:00Z")) == at("2027-01-01T04:30:00Z"))
        #expect(hours.nextOpening(after: at("1969-12-31T20:00:00Z")) == at("1970-01-01T04:30:00Z"))
        let always = SendingHours(opens: 0, closes: 1_440)
        #expect(always.end(at: at("2026-11-26T18:29:59Z")) == at("2026-11-26T18:30:00Z"))
        #expect(always.end(at: at("2026-11-26T18:30:00Z")) == at("2026-11-27T18:30:00Z"))
        #expect(SendingHours.indianDay(at("2026-12-31T18:29:59Z")) == 20_261_231)
        #expect(SendingHours.indianDay(at("2026-12-31T18:30:00Z")) == 20_270_101)
    }
}

@Suite struct ConsentStandingTests {
    private let noon = at("2026-11-26T06:30:00Z"), night = at("2026-11-26T17:00:00Z")
    private let hours = PromotionHours()

    private func standing(phone: String? = "9812345678", email: String? = nil, whatsAppID: String? = nil)
        -> ConsentStanding
    {
        ConsentStanding(
            customer: .next(), phone: phone.flatMap { PhoneNumber($0) }, email: email.flatMap { EmailAddress($0) },
            whatsAppID: whatsAppID)
    }

    private func word(_ isGiven: Bool, _ text: String, mergedAt: String? = nil) -> ConsentStanding.Word {
        ConsentStanding.Word(
            channel: .sms, purpose: .marketing, isGiven: isGiven, occurredAt: at(text), event: .next(),
            mergedAt: mergedAt.map { at($0) })
    }

    private func block(_ reason: DoNotContactReason, _ channel: ConsentChannel? = nil) -> ConsentStanding.Block {
        ConsentStanding.Block(channel: channel, reason: reason, setAt: noon, event: .next())
    }

    @Test func whoGaveTheirNumberIsServedAndNotAdvertisedTo() {
        let asha = standing()
        #expect(asha.refusal(on: .sms, for: .service, at: night, hours) == nil)
        #expect(asha.refusal(on: .whatsApp, for: .service, at: night, hours) == nil)
        #expect(asha.refusal(on: .email, for: .service, at: noon, hours) == .noAddress)
        #expect(asha.refusal(on: .sms, for: .marketing, at: noon, hours) == .noConsent)
        #expect(asha.refusal(on: .sms, for: .referral, at: noon, hours) == .noConsent)
    }

    @Test func whereTheyAreReachedIsToldByTheChannel() {
        #expect(standing().address(on: .whatsApp) == standing().address(on: .sms))
        #expect(standing(phone: nil, whatsAppID: "IN.1").address(on: .whatsApp) == .whatsAppID("IN.1"))
        #expect(standing(phone: nil, whatsAppID: "IN.1").address(on: .call) == nil)
        #expect(
            standing(phone: nil, email: "a@example.in").address(on: .email)
                == EmailAddress("a@example.in").map { .email($0) })
    }

    @Test func whatAdvertisesWaitsForTheDay() {
        var asha = standing(email: "a@example.in")
        for channel in ConsentChannel.allCases {
            asha.words.append(
                ConsentStanding.Word(
                    channel: channel, purpose: .marketing, isGiven: true, occurredAt: noon, event: .next(),
                    mergedAt: nil))
        }
        let half = at("2026-11-26T04:00:00Z")  // Half past nine.
        let ten = at("2026-11-26T04:30:00Z"), nextTen = at("2026-11-27T04:30:00Z"),
            nextNine = at("2026-11-27T03:30:00Z")
        #expect(asha.refusal(on: .sms, for: .marketing, at: noon, hours) == nil)
        #expect(asha.refusal(on: .sms, for: .marketing, at: half, hours) == .outsideHours(until: ten))
        #expect(asha.refusal(on: .call, for: .marketing, at: night, hours) == .outsideHours(until: nextTen))
        #expect(asha.refusal(on: .whatsApp, for: .marketing, at: half, hours) == nil)
        #expect(asha.refusal(on: .whatsApp, for: .marketing, at: night, hours) == .outsideHours(until: nextNine))
        #expect(asha.refusal(on: .email, for: .marketing, at: night, hours) == nil)
    }

    @Test func whoIsUnderAgeIsNotAdvertisedTo() {
        var asha = standing()
        asha.words = [word(true, "2026-01-01T00:00:00Z")]
        for (born, isMinor) in [
            (20_081_126, false), (20_081_127, true), (20_080_229, false), (19_700_101, false), (20_260_101, true),
        ] {
            asha.born = born
            #expect(asha.isMinor(at: noon) == isMinor, "\(born)")
            #expect(asha.refusal(on: .sms, for: .marketing, at: noon, hours) == (isMinor ? .minor : nil))
            #expect(asha.refusal(on: .sms, for: .service, at: noon, hours) == nil)
        }
        // The birthday begins at midnight in India.
        asha.born = 20_081_127
        #expect(asha.isMinor(at: at("2026-11-26T18:29:59Z")))
        #expect(!asha.isMinor(at: at("2026-11-26T18:30:00Z")))
        asha.born = nil
        asha.blocks = [block(.minor)]
        #expect(asha.refusal(on: .sms, for: .marketing, at: noon, hours) == .minor)
        #expect(asha.refusal(on: .sms, for: .service, at: noon, hours) == nil)
    }

    @Test func doNotContactStopsEverythingOnItsChannel() {
        var asha = standing(email: "a@example.in")
        asha.blocks = [block(.asked, .sms)]
        #expect(asha.refusal(on: .sms, for: .service, at: noon, hours) == .doNotContact(.asked))
        #expect(asha.refusal(on: .call, for: .service, at: noon, hours) == nil)
        asha.blocks += [block(.other), block(.deceased)]
        #expect(asha.refusal(on: .sms, for: .service, at: noon, hours) == .doNotContact(.deceased))
        #expect(asha.refusal(on: .email, for: .marketing, at: noon, hours) == .doNotContact(.deceased))
    }

    @Test func aNoHoldsForWhatNeedsNoYesToo() {
        var asha = standing()
        asha.words = [
            ConsentStanding.Word(
                channel: .sms, purpose: .service, isGiven: false, occurredAt: noon, event: .next(), mergedAt: nil)
        ]
        #expect(asha.refusal(on: .sms, for: .service, at: noon, hours) == .withdrawn)
        #expect(asha.refusal(on: .call, for: .service, at: noon, hours) == nil)
    }

    /// Own words, those of others who turned out to be them, and what counts.
    private static let merges: [(words: [(Bool, String, String?)], isGiven: Bool?)] = [
        ([], nil), ([(true, "2026-01-01T00:00:00Z", nil)], true),
        ([(true, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")], true),
        // A no of any is a no, whichever was said first.
        ([(true, "2026-01-03T00:00:00Z", nil), (false, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")], false),
        ([(false, "2026-01-01T00:00:00Z", nil), (true, "2026-01-03T00:00:00Z", "2026-02-01T00:00:00Z")], false),
        // A yes of the one person whom they are since.
        ([(true, "2026-02-02T00:00:00Z", nil), (false, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")], true),
        ([(true, "2026-02-01T00:00:00Z", nil), (false, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")], false),
        // A no that was said later, to whoever still knew the other.
        ([(true, "2026-02-02T00:00:00Z", nil), (false, "2026-02-03T00:00:00Z", "2026-02-01T00:00:00Z")], false),
        (
            [
                (true, "2026-02-02T00:00:00Z", nil), (false, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
                (false, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ], false
        ),
    ]

    @Test(arguments: merges) func theStricterOfThoseWhoWereMergedCounts(
        _ words: [(Bool, String, String?)], _ isGiven: Bool?
    ) {
        var asha = standing()
        asha.words = words.map { word($0, $1, mergedAt: $2) }
        #expect(asha.word(on: .sms, for: .marketing)?.isGiven == isGiven)
        asha.words.reverse()
        #expect(asha.word(on: .sms, for: .marketing)?.isGiven == isGiven)
    }
}

@Suite struct DefaultNoticeTests {
    private let shop = DefaultNotices.Business(name: "रेशम घर", place: ["12 Ring Road", "Surat", "395002"])

    @Test func everyPurposeHasANoticeInEnglishInHindiAndInOthers() throws {
        #expect(Set(ConsentNotice.neededLanguages).isSubset(of: DefaultNotices.languages))
        #expect(DefaultNotices.languages.count == 8)
        var seen: Set<String> = []
        for purpose in ConsentPurpose.allCases {
            for language in DefaultNotices.languages {
                let text = try #require(DefaultNotices.text(for: purpose, in: language, of: shop))
                #expect(seen.insert(text).inserted, "\(purpose) in \(language) says what another says")
                #expect(text.hasPrefix("रेशम घर: "))
                #expect(text.hasSuffix("रेशम घर, 12 Ring Road, Surat, 395002"))
                #expect(text.contains("STOP"))
                #expect(text.split(separator: "\n").count == 7)
                #expect(!text.contains("  ") && !text.contains("\\") && text == text.normalizedNFC)
            }
        }
        #expect(DefaultNotices.text(for: .marketing, in: .odia, of: shop) == nil)
        let nowhere = DefaultNotices.Business(name: "Shop", place: [])
        #expect(
            DefaultNotices.text(for: .service, in: .english, of: nowhere)?.hasSuffix("by answering our messages")
                == true)
    }

    /// People have agreed to these texts: what is to be said otherwise is not said by changing them.
    @Test func theTextsAreWhatTheyWere() {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for purpose in ConsentPurpose.allCases {
            for language in DefaultNotices.languages {
                for byte in (DefaultNotices.text(for: purpose, in: language, of: shop) ?? "").utf8 {
                    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
                }
            }
        }
        #expect(hash == 8_934_595_655_627_581_709)
    }
}
