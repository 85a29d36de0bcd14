// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct PartialDateTests {
    @Test(arguments: ["1990-04-23", "0001-01-01", "9999-12-31", "2000-02-29", "2024-02-29", "--02-29", "--12-31"])
    func whatIsWrittenIsReadAgain(_ text: String) {
        #expect(PartialDate(text)?.description == text)
    }

    @Test(arguments: [
        "", "-", "--", "1990-4-23", "1990-04-31", "1900-02-29", "2023-02-29", "0000-01-01", "1990-00-01", "1990-13-01",
        "1990-01-00", "--02-30", "--13-01", "---01-1", "--4-23", "1990/04/23", "१९९०-०४-२३", "1990-04-23 ",
        "-990-04-23",
        "1990-04-2+", "1990-04-23T00:00", "--0423", "+990-04-23", "19900423",
    ])
    func nothingElseIsADate(_ text: String) {
        #expect(PartialDate(text) == nil)
    }

    @Test(arguments: [
        "1990-04-23", "1990/4/23", "23/04/1990", "23-4-90", "23.04.1990", "23 04 1990", "04/23/1990", "4/23/90",
        "23-Apr-1990",
        "23-apr-90", "23 April 1990", "23rd April, 1990", "April 23, 1990", "Apr 23rd 1990", "19900423",
        "1990-04-23T00:00:00Z",
        "19900423T101500Z", "23/04/1990 12:00 AM", "1990-04-23 00:00:00", "२३/०४/१९९०", "23/4/1990",
    ])
    func everyUsualSpellingIsOneDay(_ text: String) {
        #expect(PartialDate(typed: text)?.description == "1990-04-23")
    }

    @Test(arguments: [
        "--04-23", "--0423", "--4-23", "23 April", "April 23", "23/4", "23-Apr", "1604-04-23", "16040423", "23/04/1604",
    ])
    func theYearMayBeUnknown(_ text: String) {
        #expect(PartialDate(typed: text)?.description == "--04-23")
    }

    @Test func theDayComesFirstAndShortYearsAreNear() {
        #expect(PartialDate(typed: "3/4/05")?.description == "2005-04-03")
        #expect(PartialDate(typed: "3/4/29")?.description == "2029-04-03")
        #expect(PartialDate(typed: "3/4/30")?.description == "1930-04-03")
        #expect(PartialDate(typed: "12/13/2001")?.description == "2001-12-13")
        #expect(PartialDate(typed: "1 Sept 2001")?.description == "2001-09-01")
    }

    @Test(arguments: [
        "", " ", "/", "tomorrow", "1990", "1990-04", "April 1990", "---23", "--04", "31/02/1990", "29/2/2023",
        "32/13/1990",
        "13/13/1990", "0/0/00", "23/04/990", "23/04/19900", "1 2 3 4", "32986", "23/04/1990 x", "23 Foo 1990",
        "ma 3 1990",
        "April April 1990", "1 2 2000 3T4", "99999999999999999999", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠", "T", "1T", "2T3",
        "23/04/1990/05",
    ])
    func whatIsNoDayIsRefused(_ text: String) {
        #expect(PartialDate(typed: text) == nil)
    }

    @Test func aDayThatThereIsNotIsRefused() {
        #expect(PartialDate(year: 2_024, month: 2, day: 29) != nil)
        #expect(PartialDate(year: .max, month: .max, day: .max) == nil)
        #expect(PartialDate(year: nil, month: .min, day: .min) == nil)
        #expect(PartialDate(year: 10_000, month: 1, day: 1) == nil)
    }
}
