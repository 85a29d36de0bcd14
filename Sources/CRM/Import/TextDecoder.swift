// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// How the bytes of a file stand for text.
package enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8", utf16LittleEndian = "utf-16le", utf16BigEndian = "utf-16be", windows1252 = "windows-1252"

    fileprivate var byteOrderMark: [UInt8] {
        switch self {
        case .utf8: [0xEF, 0xBB, 0xBF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf16BigEndian: [0xFE, 0xFF]
        case .windows1252: []
        }
    }
}

/// Turns a file into UTF-8 as it comes, in pieces of any size, within bounds.
///
/// A byte order mark says what the file is; without one, zero bytes in its first 4 KiB say that it is UTF-16, and of
/// what follows the first byte that is not ASCII, 64 KiB tell UTF-8 from Windows-1252. What was found out then holds to
/// the end: a byte that does not fit comes out as bytes that are not UTF-8, so that whoever reads the text reports the
/// row it is in. Nothing is left out and nothing is guessed for one row alone.
package struct TextDecoder: ~Copyable {
    private static let headBytes = 4_096, sampleBytes = 65_536

    private enum State {
        /// Bytes are kept until there are enough for the head.
        case head
        /// All ASCII so far, which is the same in UTF-8 and in Windows-1252.
        case ascii
        /// Bytes are kept until there are enough for the sample.
        case sample
        case known
    }

    /// What the file is held for: UTF-8 as long as it may be.
    package private(set) var encoding = TextEncoding.utf8
    private let told: TextEncoding?
    private var state = State.head
    private var kept: [UInt8] = []
    /// The first half of a character of UTF-16, until the second comes.
    private var highSurrogate: UInt32?

    /// - Parameter encoding: what a person says the file is, whatever it looks like.
    package init(_ encoding: TextEncoding? = nil) {
        told = encoding
        self.encoding = encoding ?? .utf8
    }

    /// The text that the bytes so far have made, in UTF-8.
    package mutating func decode(_ bytes: [UInt8]) -> [UInt8] { read(bytes, isLast: false) }

    /// The file has ended: what is left of its text.
    package mutating func finish() -> [UInt8] { read([], isLast: true) }

    private mutating func read(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
        var bytes = bytes
        if !kept.isEmpty {
            kept += bytes
            guard kept.count >= needed || isLast else { return [] }
            bytes = kept
            kept = []
        }
        if state == .head {
            guard bytes.count >= needed || isLast else { return keep(bytes) }
            bytes = beginning(bytes)
        }
        if state == .ascii {
            guard let first = bytes.firstIndex(where: { $0 >= 0x80 }) else { return bytes }
            state = .sample
            return Array(bytes[..<first]) + sample(Array(bytes[first...]), isLast)
        }
        return state == .sample ? sample(bytes, isLast) : convert(bytes, isLast)
    }

    /// How many bytes tell something.
    private var needed: Int {
        switch state {
        case .head: Self.headBytes
        case .sample: Self.sampleBytes
        case .ascii, .known: 1
        }
    }

    private mutating func keep(_ bytes: [UInt8]) -> [UInt8] {
        kept = bytes
        return []
    }

    // MARK: - Finding out

    /// What stands behind the byte order mark, if there is one.
    private mutating func beginning(_ bytes: [UInt8]) -> [UInt8] {
        let marked = TextEncoding.allCases.first { !$0.byteOrderMark.isEmpty && bytes.starts(with: $0.byteOrderMark) }
        let found = told ?? marked ?? Self.utf16(bytes.prefix(Self.headBytes))
        encoding = found ?? .utf8
        state = found == nil ? .ascii : .known
        // Of a file that is marked as UTF-8 and is not, a person says that it is Windows-1252.
        guard let marked, marked == encoding || marked == .utf8 && encoding == .windows1252 else { return bytes }
        return Array(bytes.dropFirst(marked.byteOrderMark.count))
    }

    /// UTF-16 of text with spaces, digits and separators has a zero in many pairs of bytes, always on the same side.
    private static func utf16(_ head: ArraySlice<UInt8>) -> TextEncoding? {
        var zeros = [0, 0]
        for (index, byte) in head.enumerated() where byte == 0 { zeros[index % 2] += 1 }
        func isOn(_ side: Int) -> Bool { zeros[side] * 20 > head.count && zeros[side] > zeros[1 - side] * 8 }
        if isOn(1) { return .utf16LittleEndian }
        return isOn(0) ? .utf16BigEndian : nil
    }

    private mutating func sample(_ bytes: [UInt8], _ isLast: Bool) -> [UInt8] {
        guard bytes.count >= needed || isLast else { return keep(bytes) }
        encoding = Self.isUTF8(bytes.prefix(Self.sampleBytes)) ? .utf8 : .windows1252
        state = .known
        return convert(bytes, isLast)
    }

    /// Text in Windows-1252 all but never holds what UTF-8 makes of letters beyond ASCII. Where both occur the file is
    /// damaged UTF-8, unless nearly all is wrong: a row that is reported does less harm than one that is read wrongly.
    private static func isUTF8(_ sample: ArraySlice<UInt8>) -> Bool {
        var rest = sample, letters = 0, wrong = 0
        while let byte = rest.first {
            guard byte >= 0x80 else {
                rest = rest.dropFirst()
                continue
            }
            // The sample may end within a letter.
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
            if rest.count < length, sample.count >= sampleBytes { break }
            if String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.count == 1 {
                letters += 1
                rest = rest.dropFirst(length)
            } else {
                wrong += 1
                rest = rest.dropFirst()
            }
        }
        return wrong <= letters * 4
    }

    // MARK: - Converting

    private mutating func convert(_ bytes: [UInt8], _ isLast: Bool) -> [UInt8] {
        switch encoding {
        case .utf8: bytes
        case .windows1252: Windows1252.utf8(bytes)
        case .utf16LittleEndian: fromUTF16(bytes, low: 0, isLast)
        case .utf16BigEndian: fromUTF16(bytes, low: 1, isLast)
        }
    }

    private mutating func fromUTF16(_ bytes: [UInt8], low: Int, _ isLast: Bool) -> [UInt8] {
        var text: [UInt8] = [], index = 0
        text.reserveCapacity(bytes.count)
        while index + 1 < bytes.count {
            take(UInt32(bytes[index + 1 - low]) << 8 | UInt32(bytes[index + low]), into: &text)
            index += 2
        }
        if index < bytes.count { kept = [bytes[index]] }
        if isLast {
            if let highSurrogate { UTF8Writer.append(highSurrogate, to: &text) }
            // Half a unit: no text, and not to be passed over.
            if !kept.isEmpty { text.append(0xFF) }
            highSurrogate = nil
            kept = []
        }
        return text
    }

    /// A half without its other half comes out as what UTF-8 forbids.
    private mutating func take(_ unit: UInt32, into text: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if unit & 0xFC00 == 0xDC00 {
                return UTF8Writer.append(0x1_0000 + ((high & 0x3FF) << 10 | unit & 0x3FF), to: &text)
            }
            UTF8Writer.append(high, to: &text)
        }
        if unit & 0xFC00 == 0xD800 {
            highSurrogate = unit
        } else {
            UTF8Writer.append(unit, to: &text)
        }
    }
}
