// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Where money is sent to in India's Unified Payments Interface: `name@bank`.
package struct UPIAddress: Hashable, Sendable, CustomStringConvertible {
    /// In lower case: payment apps ignore it.
    package let value: String

    package var description: String { value }

    /// One that was validated before it was stored.
    package init(stored value: String) { self.value = value }

    /// 2 to 256 letters, digits, dots, dashes and underscores; behind the `@` 2 to 64 letters and digits. A dot there would make it
    /// an e-mail address.
    package init?(_ text: String) {
        let parts = text.trimmingWhitespace.lowercased().utf8.split(
            separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        func isPlain(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }
        guard parts.count == 2, (2...256).contains(parts[0].count), (2...64).contains(parts[1].count),
            parts[0].allSatisfy({ isPlain($0) || ".-_".utf8.contains($0) }), parts[1].allSatisfy(isPlain)
        else { return nil }
        value = text.trimmingWhitespace.lowercased()
    }

    /// - Throws: `FieldError` with code `invalid_upi_id`, at `pointer`.
    package init(_ text: String, at pointer: String) throws(FieldError) {
        guard let address = UPIAddress(text) else {
            throw FieldError(pointer, "invalid_upi_id", "Give a UPI id like name@bank.")
        }
        self = address
    }
}
