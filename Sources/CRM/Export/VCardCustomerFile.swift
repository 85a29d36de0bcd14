// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// A card for each customer, for the address book of a phone.
///
/// In vCard 3.0 (RFC 2426), which every iPhone and Android phone reads; of 4.0 some lose dates and numbers. What 3.0 has no
/// word for is said as those phones say it themselves: a day without its year by Apple's `X-APPLE-OMIT-YEAR`, beside which
/// every other program still finds a valid date, and an anniversary in the three ways that are in use. The business's own
/// fields, stage, source, language and GSTIN are in no address book, and not in the cards.
struct VCardCustomerFile: CustomerFile {
    let hasCustomFields = false

    func write(_ rows: borrowing Rows) throws -> [UInt8] {
        var cards = VCardWriter(capacity: rows.count * 512)
        try rows.forEach { row in
            cards.line("BEGIN:VCARD")
            cards.line("VERSION:3.0")
            try Self.writeName(&row, to: &cards)
            try Self.writeNumbers(&row, to: &cards)
            try Self.writeAddresses(&row, to: &cards)
            try Self.writePlace(&row, to: &cards)
            try Self.writeDays(&row, to: &cards)
            try Self.writeWords(&row, to: &cards)
            cards.line("UID:", (try row.decode("id") as Customer.ID).description)
            cards.line("REV:", (try row.decode("updated_at") as Instant).description.prefix(19) + "Z")
            cards.line("END:VCARD")
        }
        return cards.bytes
    }

    /// Which part of a name is a family's nobody knows: all of it is the given one. Who has none is shown by their number;
    /// who has nothing else either, by what WhatsApp calls them.
    private static func writeName(_ row: inout Row, to card: inout VCardWriter) throws {
        let name = unsafe try row.utf8("name"), whatsAppID = unsafe try row.utf8("whatsapp_id")
        let phone = unsafe try row.utf8("phone"), email = unsafe try row.utf8("email")
        let shown = unsafe name ?? (phone == nil && email == nil ? whatsAppID : nil)
        card.put("N:;")
        if let shown = unsafe shown { unsafe card.value(shown.span) }
        card.put(";;;")
        card.endLine()
        card.put("FN:")
        if let shown = unsafe shown { unsafe card.value(shown.span) }
        card.endLine()
    }

    /// The number that they are known by comes first and is the preferred one. Nearly all are of mobiles.
    private static func writeNumbers(_ row: inout Row, to card: inout VCardWriter) throws {
        if let phone = unsafe try row.utf8("phone") {
            card.put("TEL;TYPE=CELL;TYPE=PREF:")
            unsafe card.value(phone.span)
            card.endLine()
        }
        try row.withTexts("other_phones") { phone in
            card.put("TEL;TYPE=CELL:")
            card.value(phone)
            card.endLine()
        }
    }

    private static func writeAddresses(_ row: inout Row, to card: inout VCardWriter) throws {
        if let email = unsafe try row.utf8("email") {
            card.put("EMAIL;TYPE=INTERNET;TYPE=PREF:")
            unsafe card.value(email.span)
            card.endLine()
        }
        try row.withTexts("other_emails") { email in
            card.put("EMAIL;TYPE=INTERNET:")
            card.value(email)
            card.endLine()
        }
    }

    /// Post office box, flat, street, city, state, postal code, country.
    private static func writePlace(_ row: inout Row, to card: inout VCardWriter) throws {
        let parts = unsafe try [
            row.utf8("address"), row.utf8("city"), row.utf8("state"), row.utf8("pin_code"),
        ]
        guard unsafe parts.contains(where: { unsafe $0 != nil }) else { return }
        card.put("ADR;TYPE=HOME:;;")
        for index in unsafe parts.indices {
            if let part = unsafe parts[index] { unsafe card.value(part.span) }
            card.put(";")
        }
        card.endLine()
    }

    private static func writeDays(_ row: inout Row, to card: inout VCardWriter) throws {
        let birthday = try CustomerRow.date(&row, "birthday", "birth_year")
        let anniversary = try CustomerRow.date(&row, "anniversary", "anniversary_year")
        if let birthday { write(birthday, "BDAY", to: &card) }
        guard let anniversary else { return }
        // An iPhone's, an Android phone's, and everybody else's.
        write(anniversary, "item1.X-ABDATE", to: &card)
        card.line("item1.X-ABLabel:_$!<Anniversary>!$_")
        card.put("X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;")
        card.value(anniversary.description)
        card.line(";1;;;;;;;;;;;;;")
        write(anniversary, "X-ANNIVERSARY", to: &card)
    }

    private static func write(_ day: PartialDate, _ name: StaticString, to card: inout VCardWriter) {
        card.put(name)
        if day.year == nil {
            card.line(";X-APPLE-OMIT-YEAR=1604:1604", day.description.dropFirst())
        } else {
            card.line(":", day.description)
        }
    }

    private static func writeWords(_ row: inout Row, to card: inout VCardWriter) throws {
        var isFirst = true
        try row.withTexts("tags") { tag in
            card.put(isFirst ? "CATEGORIES:" : ",")
            card.value(tag)
            isFirst = false
        }
        if !isFirst { card.endLine() }
        if let notes = unsafe try row.utf8("notes") {
            card.put("NOTE:")
            unsafe card.value(notes.span)
            card.endLine()
        }
    }
}

extension VCardWriter {
    fileprivate mutating func line(_ text: StaticString) {
        put(text)
        endLine()
    }

    fileprivate mutating func line(_ head: StaticString, _ text: some StringProtocol) {
        put(head)
        value(String(text))
        endLine()
    }
}
