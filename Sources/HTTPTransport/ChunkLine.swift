// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The line before a chunk: hexadecimal size and extensions (RFC 9112 §7.1.1).
enum ChunkLine {
    /// Nil when malformed or above 2^52, which is far past any body's bound and far below overflow.
    static func size(_ line: Span<UInt8>) -> Int? {
        var size = 0, index = 0
        while index < line.count, let digit = hexValue(line[index]) {
            guard size < 1 << 48 else { return nil }
            size = size << 4 | digit
            index += 1
        }
        guard (1...16).contains(index) else { return nil }
        return areExtensions(line.extracting(index...)) ? size : nil
    }

    private static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }

    /// `*( ";" name [ "=" ( token / quoted-string ) ] )`, without the optional white space that RFC 9112 calls bad.
    private static func areExtensions(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: ";") else { return false }
            index += 1
            guard skipToken(bytes, &index) else { return false }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { continue }
            index += 1
            let isQuoted = index < bytes.count && bytes[index] == UInt8(ascii: "\"")
            guard isQuoted ? skipQuoted(bytes, &index) : skipToken(bytes, &index) else { return false }
        }
        return true
    }

    private static func skipToken(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
        let start = index
        while index < bytes.count, ByteClass.token.contains(bytes[index]) { index += 1 }
        return index > start
    }

    private static func skipQuoted(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard index < bytes.count, ByteClass.isFieldValue(bytes[index]) else { return false }
                index += 1
            default: guard ByteClass.isFieldValue(byte) else { return false }
            }
        }
        return false
    }
}
