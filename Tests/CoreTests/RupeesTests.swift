// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing

@Suite struct RupeesTests {
    @Test(arguments: [
        (0, "₹0.00", "0.00"), (1, "₹0.01", "0.01"), (99, "₹0.99", "0.99"), (100, "₹1.00", "1.00"),
        (99_999, "₹999.99", "999.99"), (100_000, "₹1,000.00", "1000.00"), (9_999_900, "₹99,999.00", "99999.00"),
        (10_000_000, "₹1,00,000.00", "100000.00"), (123_456_789, "₹12,34,567.89", "1234567.89"),
        (1_000_000_000, "₹1,00,00,000.00", "10000000.00"), (-50, "-₹0.50", "-0.50"),
        (-123_456_789, "-₹12,34,567.89", "-1234567.89"),
        (Int.max, "₹92,23,37,20,36,85,47,758.07", "92233720368547758.07"),
        (Int.min, "-₹92,23,37,20,36,85,47,758.08", "-92233720368547758.08"),
    ])
    func digitsAreGroupedAsInIndia(_ paise: Int, _ grouped: String, _ decimal: String) {
        let rupees = Rupees(paise: paise)
        #expect(rupees.decimal == decimal)
        #expect(rupees.description == grouped)
    }

    @Test(arguments: [
        ("1234567.89", 123_456_789), ("12,34,567.89", 123_456_789), ("1,234,567.89", 123_456_789),
        ("₹12,34,567.89", 123_456_789), ("₹ 500", 50_000), ("Rs 500", 50_000), ("Rs. 500", 50_000),
        ("rs.500/-", 50_000), ("INR 1,00,000.5", 10_000_050), (" 0.5 ", 50), ("0", 0), ("१,२३४.५०", 123_450),
        ("-₹500", -50_000), ("-500.00", -50_000), ("10000000000000.00", 1_000_000_000_000_000), ("007", 700),
        ("999,999", 99_999_900), ("99,999", 9_999_900),
    ])
    func anAmountIsReadAsTyped(_ text: String, _ paise: Int) {
        #expect(Rupees(text)?.paise == paise)
    }

    @Test(arguments: [
        "", "₹", "Rs", "-", ".", ".5", "5.", "1.234", "1,2", "1,23", "1,,234", ",123", "123,", "12,3,456", "1234,567",
        "12,345,67", "1,23,45,6", "five", "5 00", "$5", "1e3", "+5", "--5", "10000000000000.01", "99999999999999999999",
        "₹5₹", "0x10", "∞",
    ])
    func whatIsNoAmountIsNot(_ text: String) {
        #expect(Rupees(text) == nil)
    }

    @Test func whatIsWrittenIsReadAgain() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let bound = 1_000_000_000_000_000 >> Int.random(in: 0...40, using: &generator)
            let rupees = Rupees(paise: Int.random(in: -bound...bound, using: &generator))
            #expect(Rupees(rupees.description) == rupees)
            #expect(Rupees(rupees.decimal) == rupees)
        }
    }
}
