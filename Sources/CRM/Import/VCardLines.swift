// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Puts the lines of a card together that were folded: a line that begins with a space goes on with the one before (RFC
/// 6350 §3.2), and so does what follows an equals sign at the end of quoted-printable text (RFC 2045 §6.7, rule 5).
///
/// What no customer is made of, such as a picture, is passed over and never kept.
struct VCardLines: ~Copyable {
    enum Line {
        case property([UInt8])
        /// A property that is not wanted.
        case passedOver
        case tooLong
        /// No property.
        case unreadable
    }

    private enum Kind {
        /// The colon has not come yet.
        case unnamed
        case wanted, passedOver, tooLong, unreadable
    }

    /// Of a line with all its continuations, and of what stands before its colon.
    static let maximumBytes = 65_536
    private static let maximumHeadBytes = 1_024

    /// vCard 2.1 folds where there is a space already, which therefore stays.
    var keepsFoldingSpaces = false

    /// Bytes that have come; those from `position` on have not been read.
    private var input: [UInt8] = []
    private var position = 0
    private(set) var isWhole = false

    private var line: [UInt8] = []
    private var kind: Kind?
    private var isQuotedPrintable = false
    private var last: UInt8?
    private var isAtStart = true
    private var sawCarriageReturn = false
    /// Base64 goes on in lines that are not always indented.
    private var followsPassedOver = false

    init() {}

    mutating func append(_ bytes: [UInt8]) {
        if position == input.count {
            input = bytes
        } else {
            input.removeFirst(position)
            input += bytes
        }
        position = 0
    }

    mutating func finish() { isWhole = true }

    /// The next line that has ended; nil when the bytes so far hold none.
    mutating func next() -> Line? {
        while position < input.count {
            if isAtStart {
                if let ended = begin(input[position]) { return ended }
            } else {
                let rest = input[position...]
                let end = rest.firstIndex(where: Self.isLineBreak) ?? rest.endIndex
                put(rest[..<end])
                position = end
                if end < input.count { passLineBreak() }
            }
        }
        return isWhole ? end() : nil
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    private mutating func passLineBreak() {
        sawCarriageReturn = input[position] == UInt8(ascii: "\r")
        position += 1
        isAtStart = true
    }

    /// Looks at the first byte of a line, which tells whether the line before it goes on.
    private mutating func begin(_ byte: UInt8) -> Line? {
        if sawCarriageReturn {
            sawCarriageReturn = false
            if byte == UInt8(ascii: "\n") {
                position += 1
                return nil
            }
        }
        if kind == nil {
            guard !Self.isLineBreak(byte) else {
                passLineBreak()
                return nil
            }
            kind = .unnamed
        } else if isQuotedPrintable, last == UInt8(ascii: "=") {
            if kind == .wanted { line.removeLast() }
            last = nil
        } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
            if !keepsFoldingSpaces { position += 1 }
        } else {
            return end()
        }
        isAtStart = false
        return nil
    }

    private mutating func put(_ bytes: ArraySlice<UInt8>) {
        last = bytes.last ?? last
        switch kind {
        case .unnamed:
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
            let head = bytes[..<(colon ?? bytes.endIndex)]
            guard line.count + head.count <= Self.maximumHeadBytes else {
                kind = .unreadable
                return
            }
            line += head
            guard let colon else { return }
            readHead()
            put(bytes[colon...])
        case .wanted:
            if line.count + bytes.count <= Self.maximumBytes { line += bytes } else { kind = .tooLong }
        case .passedOver, .tooLong, .unreadable, nil: break
        }
    }

    private mutating func readHead() {
        // Files that were put together by hand have such marks anywhere.
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        let parameters = line.firstIndex(of: UInt8(ascii: ";")) ?? line.endIndex
        let group = line[..<parameters].lastIndex(of: UInt8(ascii: "."))
        let name = VCardProperty.name(line[(group.map { $0 + 1 } ?? 0)..<parameters])
        kind = name.isEmpty ? .unreadable : VCardAssembly.properties.contains(name) ? .wanted : .passedOver
        isQuotedPrintable = parameters < line.endIndex && Self.saysQuotedPrintable(line[parameters...])
    }

    private static func saysQuotedPrintable(_ parameters: ArraySlice<UInt8>) -> Bool {
        String(decoding: parameters, as: UTF8.self).uppercased().split { ";=,\"".contains($0) }.contains(
            "QUOTED-PRINTABLE")
    }

    /// The line in hand has ended. Nil when there is nothing to tell of it.
    private mutating func end() -> Line? {
        defer {
            line.removeAll(keepingCapacity: true)
            kind = nil
            isQuotedPrintable = false
            last = nil
        }
        switch kind {
        case .wanted:
            followsPassedOver = false
            return .property(line)
        case .passedOver:
            followsPassedOver = true
            return .passedOver
        case .tooLong:
            followsPassedOver = false
            return .tooLong
        case .unnamed, .unreadable:
            let isBlank = kind == .unnamed && line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            return followsPassedOver || isBlank ? nil : .unreadable
        case nil: return nil
        }
    }
}
