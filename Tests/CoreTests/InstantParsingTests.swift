// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Testing

@Suite struct InstantParsingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-31T10:00:00Z", 1_769_853_600_000_000),
        ("2026-01-31T15:30:00+05:30", 1_769_853_600_000_000), ("2026-01-31T10:00:00.5Z", 1_769_853_600_500_000),
        ("2026-01-31T10:00:00.000001Z", 1_769_853_600_000_001), ("1969-12-31T23:59:59Z", -1_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000), ("2000-03-01T00:00:00-00:00", 951_868_800_000_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func aTimeIsRead(_ text: String, _ microseconds: Int64) {
        #expect(Instant(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-01-31", "2026-01-31T10:00:00", "2026-01-31 10:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z",
        "2026-01-31T23:59:60Z", "2026-01-31T10:00:00.Z", "2026-01-31T10:00:00.1234567Z", "2026-01-31T10:00:00+5:30",
        "2026-01-31T10:00:00+0530", "2026-01-31T10:00:00+24:00", "2026-01-31T10:00:00ZZ", "+026-01-31T10:00:00Z",
        "2026-01-31T10:00:00+05:3", "2026-01-31T10:00:00.5", "٢٠٢٦-01-31T10:00:00Z", "2026-01-31t10:00:00z",
        "1900-02-29T00:00:00Z",
    ])
    func whatIsNoTimeIsNot(_ text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func whatIsWrittenIsReadBack() {
        var instant = Instant(microseconds: -62_167_219_200_000_000)
        while instant.microseconds < 253_402_300_799_999_999 {
            #expect(Instant(rfc3339: instant.description) == instant)
            instant = Instant(microseconds: instant.microseconds + 86_400_000_000 * 997 + 3_723_004_000)
        }
    }
}
