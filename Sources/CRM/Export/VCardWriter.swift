// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Writes lines of vCards: folded so that none has more than 75 octets, never within a character (RFC 2425 §5.8.1, RFC 6350
/// §3.2), and ended by CR and LF.
struct VCardWriter: ~Copyable {
    private(set) var bytes: [UInt8] = []
    /// Octets of the line in hand since it was folded.
    private var length = 0

    private static let longest = 75

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// What is written as it stands: names, parameters and what parts values, in ASCII.
    mutating func put(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { character(CollectionOfOne(unsafe text.utf8Start[index])) }
    }

    /// A value, or one part of several, in which all that has a meaning is escaped (RFC 2426 §5). A line break of any kind
    /// becomes `\n`.
    /// - Parameter text: UTF-8.
    mutating func value(_ text: Span<UInt8>) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: ","), UInt8(ascii: ";"): character([UInt8(ascii: "\\"), byte])
            case 0x0D, 0x0A:
                if byte == 0x0D, index + 1 < text.count, text[index + 1] == 0x0A { index += 1 }
                character([UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x80...:
                let width = min(Self.width(of: byte), text.count - index)
                makeRoom(for: width)
                for offset in 0..<width { bytes.append(text[index + offset]) }
                index += width - 1
            default: character(CollectionOfOne(byte))
            }
            index += 1
        }
    }

    mutating func value(_ text: String) {
        var text = text
        text.withUTF8 { text in unsafe value(text.span) }
    }

    mutating func endLine() {
        bytes.append(contentsOf: [0x0D, 0x0A])
        length = 0
    }

    private mutating func character(_ octets: some Collection<UInt8>) {
        makeRoom(for: octets.count)
        bytes.append(contentsOf: octets)
    }

    /// Folds the line when so many octets more would be too many. The space that says so counts.
    private mutating func makeRoom(for octets: Int) {
        if length + octets > Self.longest {
            bytes.append(contentsOf: [0x0D, 0x0A, 0x20])
            length = 1
        }
        length += octets
    }

    /// How many octets the character has that begins with this one (RFC 3629 §3).
    private static func width(of first: UInt8) -> Int {
        switch first {
        case ..<0xE0: 2
        case ..<0xF0: 3
        default: 4
        }
    }
}
