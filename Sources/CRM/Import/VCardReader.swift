// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Reads the cards of an address book in UTF-8 as they come, in pieces of any size, within bounds: vCard 2.1, 3.0 (RFC
/// 2426) and 4.0 (RFC 6350), as phones write them.
///
/// A card that cannot be read is reported with its number and the reader goes on behind it. Pictures and all else that
/// makes no customer are passed over byte by byte.
package struct VCardReader: ~Copyable {
    package enum Record: Equatable, Sendable {
        /// - number: 1 for the first card of the file.
        case card(VCard, number: Int)
        case problem(Problem, number: Int)
    }

    package enum Problem: String, Error, CaseIterable {
        case notUTF8 = "not_utf8"
        case lineTooLong = "line_too_long"
        case tooManyProperties = "too_many_properties"
        case cardTooLong = "card_too_long"
        /// A value in Base64 that is none.
        case badEncoding = "bad_encoding"
        case unknownCharset = "unknown_charset"
        /// A list of other cards (RFC 6350 §6.1.4).
        case group = "group_of_cards"
        /// Another card or the end of the file comes first.
        case noEnd = "no_end"
        /// Lines outside of any card.
        case noBegin = "no_begin"
    }

    /// Of one line with all its continuations, and of all that is kept of one card.
    package static let maximumLineBytes = VCardLines.maximumBytes, maximumCardBytes = 262_144
    package static let maximumProperties = 1_000

    package private(set) var bytesRead = 0
    private var lines = VCardLines()

    /// 0 outside of cards, 1 in a card, more in cards of others within it, which are no customers.
    private var depth = 0
    /// Behind `AGENT:` (vCard 2.1 §2.2.4) a card within the card begins; anywhere else it means that the one before has
    /// no end.
    private var isAgentAwaited = false
    private var hasStrayLines = false

    private var assembly = VCardAssembly()
    private var problem: Problem?
    private var properties = 0
    private var keptBytes = 0
    private var cards = 0

    package init() {}

    package mutating func append(_ bytes: [UInt8]) {
        bytesRead += bytes.count
        lines.append(bytes)
    }

    /// The file has ended: what is left is its last card.
    package mutating func finish() { lines.finish() }

    /// The next whole card, if the bytes so far hold one.
    package mutating func next() -> Record? {
        while let line = lines.next() {
            if let record = take(line) { return record }
        }
        guard lines.isWhole else { return nil }
        if depth > 0 { note(.noEnd) }
        return endCard()
    }

    private mutating func take(_ line: VCardLines.Line) -> Record? {
        guard case .property(let bytes) = line, let property = VCardProperty(bytes[...]) else {
            isAgentAwaited = false
            takeUnread(line)
            return nil
        }
        switch property.name {
        case "BEGIN" where property.isOfCard: return begin()
        case "END" where property.isOfCard:
            if depth > 1 {
                depth -= 1
                return nil
            }
            if depth == 0 { hasStrayLines = true }
            return endCard()
        case "AGENT": isAgentAwaited = depth > 0 && property.isEmpty
        default:
            isAgentAwaited = false
            take(property, bytes: bytes.count)
        }
        return nil
    }

    private mutating func begin() -> Record? {
        if isAgentAwaited {
            isAgentAwaited = false
            depth += 1
            return nil
        }
        if depth > 0 { note(.noEnd) }
        defer { depth = 1 }
        return endCard()
    }

    /// What the lines so far have come to; nil when there were none.
    private mutating func endCard() -> Record? {
        defer {
            depth = 0
            isAgentAwaited = false
            hasStrayLines = false
            assembly = VCardAssembly()
            problem = nil
            properties = 0
            keptBytes = 0
            lines.keepsFoldingSpaces = false
        }
        guard depth > 0 || hasStrayLines else { return nil }
        cards += 1
        if depth == 0 { return .problem(.noBegin, number: cards) }
        return problem.map { .problem($0, number: cards) } ?? .card(assembly.result, number: cards)
    }

    private mutating func takeUnread(_ line: VCardLines.Line) {
        guard depth > 0 else {
            hasStrayLines = true
            return
        }
        guard depth == 1 else { return }
        count(bytes: 0)
        switch line {
        case .tooLong: note(.lineTooLong)
        case .unreadable, .property: assembly.noteUnreadableLine()
        case .passedOver: break
        }
    }

    private mutating func take(_ property: VCardProperty, bytes: Int) {
        guard depth > 0 else {
            hasStrayLines = true
            return
        }
        guard depth == 1 else { return }
        count(bytes: bytes)
        guard problem == nil else { return }
        do {
            if property.name == "VERSION" {
                lines.keepsFoldingSpaces = ImportCell.trimmed(try property.text()) == "2.1"
            } else {
                try assembly.take(property)
            }
        } catch { note(error) }
    }

    private mutating func count(bytes: Int) {
        properties += 1
        keptBytes += bytes
        if properties > Self.maximumProperties { note(.tooManyProperties) }
        if keptBytes > Self.maximumCardBytes { note(.cardTooLong) }
    }

    private mutating func note(_ problem: Problem) { if self.problem == nil { self.problem = problem } }
}

extension VCardReader.Problem {
    /// What is wrong with a card, in words for the person who brought it.
    package var detail: String {
        switch self {
        case .notUTF8: "The card is not UTF-8."
        case .lineTooLong: "A line of the card has more than \(VCardReader.maximumLineBytes) bytes."
        case .tooManyProperties: "The card has more than \(VCardReader.maximumProperties) lines."
        case .cardTooLong: "The card has more than \(VCardReader.maximumCardBytes) bytes of text."
        case .badEncoding: "A value of the card is said to be Base64 and is not."
        case .unknownCharset: "The card is in a character set that is not known. Save it as UTF-8."
        case .group: "The card is a list of other cards."
        case .noEnd: "The card has no end: END:VCARD is missing."
        case .noBegin: "Here are lines that belong to no card: BEGIN:VCARD is missing."
        }
    }
}
