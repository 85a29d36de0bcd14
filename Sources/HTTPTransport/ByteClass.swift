// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Which ASCII bytes HTTP allows somewhere, as one bit for each of the 128. Constants, so that a test costs a shift.
struct ByteClass {
    private let low: UInt64, high: UInt64

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        byte < 0x80 && ((byte < 0x40 ? low : high) >> UInt64(byte & 0x3F)) & 1 == 1
    }

    /// `tchar` of RFC 9110 §5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``. Methods and field names.
    static let token = ByteClass(low: 0x03FF6CFA00000000, high: 0x57FFFFFFC7FFFFFE)
    /// `pchar`, `/` and `?` of RFC 3986 §3.3 and §3.4, `%` aside: letters, digits and `-._~!$&'()*+,;=:@/?`.
    static let target = ByteClass(low: 0xAFFFFFD200000000, high: 0x47FFFFFE87FFFFFF)
    /// The same with `[` and `]`, which browsers do not encode in a query (URL standard, "query percent-encode set").
    static let query = ByteClass(low: 0xAFFFFFD200000000, high: 0x47FFFFFEAFFFFFFF)
    /// A registered name as DNS has them (RFC 3986 §3.2.2, without escapes): letters, digits and `-._~`.
    static let name = ByteClass(low: 0x03FF600000000000, high: 0x47FFFFFE87FFFFFE)
    /// Inside the brackets of an IPv6 address: hexadecimal digits, `:` and `.`.
    static let address = ByteClass(low: 0x07FF400000000000, high: 0x0000007E0000007E)

    /// Field content of RFC 9110 §5.5: visible ASCII, space, tab and the bytes above ASCII.
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }
}
