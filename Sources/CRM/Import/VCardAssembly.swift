// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Puts a card together from its properties, in whatever order they come.
struct VCardAssembly {
    private struct Ranked {
        let text: String, rank: Int
    }

    /// What a customer is made of. All else in a card is passed over without being kept: pictures, sounds, keys, URLs,
    /// messengers.
    static let properties: Set<String> = [
        "BEGIN", "END", "AGENT", "VERSION", "FN", "N", "TEL", "EMAIL", "ADR", "ORG", "NOTE", "BDAY", "ANNIVERSARY",
        "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-ANDROID-CUSTOM", "X-ABDATE", "X-ABLABEL", "CATEGORIES",
        "KIND", "X-ADDRESSBOOKSERVER-KIND",
    ]

    private var card = VCard()
    private var composedName: String?
    private var phones: [Ranked] = []
    private var emails: [Ranked] = []
    private var address: (value: VCard.Address, rank: Int)?
    /// Apple's dates say by a label what they are of; the two have one group.
    private var dates: [(group: String, text: String)] = []
    private var labels: [String: String] = [:]

    mutating func noteUnreadableLine() { card.unreadableLines += 1 }

    mutating func take(_ property: VCardProperty) throws(VCardReader.Problem) {
        switch property.name {
        case "FN": set(\.name, Self.filled(try property.text()))
        case "N":
            let name = Self.name(of: try property.parts())
            composedName = composedName ?? name
        case "TEL": try takePhone(property)
        case "EMAIL":
            if let text = Self.filled(try property.text()) {
                emails.append(Ranked(text: text, rank: property.preference ?? Self.unpreferred))
            }
        case "ADR": try takeAddress(property)
        case "ORG":
            let names = try property.parts().compactMap(Self.filled)
            set(\.organisation, Self.filled(names.joined(separator: ", ")))
        case "NOTE":
            guard let note = Self.filled(try property.text()) else { return }
            card.note = card.note.map { $0 + "\n" + note } ?? note
        case "BDAY": set(\.birthday, try Self.date(in: property))
        case "ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY":
            set(\.anniversary, try Self.date(in: property))
        case "X-ANDROID-CUSTOM": takeAndroid(try property.parts())
        case "X-ABDATE":
            guard let group = property.group, let text = try Self.date(in: property) else { return }
            dates.append((group, text))
        case "X-ABLABEL":
            if let group = property.group { labels[group] = try property.text() }
        case "CATEGORIES":
            card.categories += try property.parts(separatedBy: UInt8(ascii: ",")).compactMap(Self.filled)
        case "KIND", "X-ADDRESSBOOKSERVER-KIND":
            if ImportCell.trimmed(try property.text()).lowercased() == "group" { throw .group }
        default: break
        }
    }

    /// The card as its properties so far have made it.
    var result: VCard {
        var card = card
        card.name = card.name ?? composedName
        card.phones = Self.inOrder(phones)
        card.emails = Self.inOrder(emails)
        card.address = address?.value
        // As Apple writes the labels that it has itself: _$!<Anniversary>!$_
        let anniversary = dates.first { labels[$0.group]?.lowercased().contains("anniversary") == true }
        card.anniversary = card.anniversary ?? anniversary?.text
        return card
    }

    // MARK: - Properties

    /// The first of a kind counts.
    private mutating func set(_ part: WritableKeyPath<VCard, String?>, _ text: String?) {
        if card[keyPath: part] == nil { card[keyPath: part] = text }
    }

    /// What is preferred least has the rank 100.
    private static let unpreferred = 101

    private static func inOrder(_ texts: [Ranked]) -> [String] {
        texts.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element.text)
    }

    private mutating func takePhone(_ property: VCardProperty) throws(VCardReader.Problem) {
        let types = property.types
        let isVoice = types.contains("VOICE") || types.contains("CELL")
        if !isVoice, types.contains("FAX") || types.contains("PAGER") { return }
        guard var text = Self.filled(try property.text()) else { return }
        // RFC 3966: the number, then what belongs to it.
        if text.lowercased().hasPrefix("tel:") { text = String(text.dropFirst(4).prefix { $0 != ";" }) }
        let isMobile = types.contains("CELL") || types.contains("IPHONE")
        phones.append(Ranked(text: text, rank: property.preference ?? Self.unpreferred + (isMobile ? 0 : 1)))
    }

    /// Post office box, flat, street, city, state, postal code, country.
    private mutating func takeAddress(_ property: VCardProperty) throws(VCardReader.Problem) {
        let parts = try property.parts().map(ImportCell.trimmed)
        func part(_ index: Int) -> String { parts.indices.contains(index) ? parts[index] : "" }
        let found = VCard.Address(
            lines: parts.prefix(3).filter { !$0.isEmpty }, city: part(3), state: part(4), pinCode: part(5),
            country: part(6))
        let rank = property.preference ?? Self.unpreferred
        if !found.isEmpty, rank < address?.rank ?? .max { address = (found, rank) }
    }

    /// `vnd.android.cursor.item/contact_event;2015-02-14;1`, of which 1 is an anniversary and 3 a birthday (Android,
    /// `ContactsContract.CommonDataKinds.Event`).
    private mutating func takeAndroid(_ parts: [String]) {
        guard parts.count >= 3, parts[0] == "vnd.android.cursor.item/contact_event", let text = Self.filled(parts[1])
        else { return }
        switch parts[2] {
        case "1": set(\.anniversary, text)
        case "3": set(\.birthday, text)
        default: break
        }
    }

    /// Family name, given name, further names, what stands before them and what stands behind them, each perhaps
    /// several.
    private static func name(of parts: [String]) -> String? {
        func part(_ index: Int) -> String? { parts.indices.contains(index) ? filled(parts[index]) : nil }
        return filled([part(3), part(1), part(2), part(0), part(4)].compactMap { $0 }.joined(separator: " "))
    }

    private static func date(in property: VCardProperty) throws(VCardReader.Problem) -> String? {
        guard let text = filled(try property.text()) else { return nil }
        guard let year = property.omittedYear, text.hasPrefix(year) else { return text }
        let rest = text.dropFirst(year.count)
        return (rest.hasPrefix("-") ? "-" : "--") + rest
    }

    private static func filled(_ text: String) -> String? {
        let trimmed = ImportCell.trimmed(text)
        return trimmed.isEmpty ? nil : trimmed
    }
}
