// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// `name: value` (RFC 9112 §5.1): a token right before the colon, spaces and tabs around the value cut off.
enum FieldLine {
    /// Where name and value stand in `bytes`; nil when the line is malformed.
    static func places(in bytes: Span<UInt8>, _ line: Range<Int>) -> (name: Range<Int>, value: Range<Int>)? {
        var index = line.lowerBound
        while index < line.upperBound, ByteClass.token.contains(bytes[index]) { index += 1 }
        guard index > line.lowerBound, index < line.upperBound, bytes[index] == UInt8(ascii: ":") else { return nil }
        let name = line.lowerBound..<index
        var start = index + 1, end = line.upperBound
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        guard isValue(bytes, start..<end) else { return nil }
        return (name, start..<end)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Eight bytes at a time: tokens of six hundred bytes come with each request.
    private static func isValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let every: UInt64 = 0x0101_0101_0101_0101, high: UInt64 = 0x8080_8080_8080_8080
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            // Some byte is below 0x20, or is 0x7F: then each is looked at (Warren, "Hacker's Delight", §6-1).
            let isLow = (word &- every &* 0x20) & ~word & high
            let delete = word ^ (every &* 0x7F)
            let isDelete = (delete &- every) & ~delete & high
            if isLow | isDelete != 0 {
                for offset in index..<(index + 8) where !ByteClass.isFieldValue(bytes[offset]) { return false }
            }
            index += 8
        }
        while index < range.upperBound {
            guard ByteClass.isFieldValue(bytes[index]) else { return false }
            index += 1
        }
        return true
    }
}
