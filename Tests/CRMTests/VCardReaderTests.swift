// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct VCardReaderTests {
    private func read(_ bytes: [UInt8], step: Int) -> [VCardReader.Record] {
        var reader = VCardReader(), records: [VCardReader.Record] = [], rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(step))
            rest = rest.dropFirst(chunk.count)
            reader.append(chunk)
            while let record = reader.next() { records.append(record) }
        }
        reader.finish()
        while let record = reader.next() { records.append(record) }
        #expect(reader.bytesRead == bytes.count)
        return records
    }

    /// The records of a file that comes whole and in small pieces, with each kind of line break; that they agree is expected.
    private func read(_ text: String) -> [VCardReader.Record] {
        let whole = read(Array(text.utf8), step: .max)
        for step in [1, 2, 3] { #expect(read(Array(text.utf8), step: step) == whole) }
        if !text.contains("\r") {
            for lineBreak in ["\r\n", "\r"] {
                #expect(
                    read(
                        Array(
                            text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineBreak)
                                .utf8), step: 2) == whole)
            }
        }
        return whole
    }

    private func cards(_ lines: String) -> [VCard] {
        read("BEGIN:VCARD\n\(lines)\nEND:VCARD\n").compactMap { if case .card(let card, _) = $0 { card } else { nil } }
    }

    private func card(_ lines: String) throws -> VCard {
        let cards = cards(lines)
        #expect(cards.count == 1)
        return try #require(cards.first)
    }

    private func problem(_ lines: String) -> VCardReader.Problem? {
        let records = read("BEGIN:VCARD\n\(lines)\nEND:VCARD\nBEGIN:VCARD\nFN:Next\nEND:VCARD")
        var next = VCard()
        next.name = "Next"
        #expect(records.last == .card(next, number: 2))
        guard case .problem(let problem, 1)? = records.first else { return nil }
        return problem
    }

    // MARK: - What is read

    @Test func theNameIsTheFormattedOneElseMadeOfItsParts() throws {
        #expect(try card("FN:Asha Rao\nN:Other;Name;;;").name == "Asha Rao")
        #expect(try card("N:Rao;Asha;Devi;Dr.;M.D.").name == "Dr. Asha Devi Rao M.D.")
        #expect(try card("FN:\nN:;Asha;;;").name == "Asha")
        #expect(try card("N:Rao").name == "Rao")
        #expect(try card("N:;;;;\nTEL:1").name == nil)
        #expect(try card("fn;CHARSET=utf-8:  Asha  ").name == "Asha")
        #expect(try card("FN:First\nFN:Second").name == "First")
    }

    @Test func theNumberThatIsPreferredComesFirstThenMobiles() throws {
        #expect(try card("TEL:1\nTEL;CELL:2\nTEL;HOME;PREF:3").phones == ["3", "2", "1"])
        #expect(
            try card("TEL;TYPE=home:1\nTEL;TYPE=\"voice,cell\":2\nTEL;PREF=2:3\nTEL;PREF=1:4").phones == [
                "4", "3", "2", "1",
            ])
        #expect(try card("TEL;TYPE=CELL,pref:1\nTEL;type=CELL;type=VOICE;type=pref:2").phones == ["1", "2"])
        #expect(try card("TEL;WORK;FAX:1\nTEL;PAGER:2\nTEL;FAX;VOICE:3").phones == ["3"])
        #expect(try card("TEL;VALUE=uri:tel:+91-90000-00001;ext=5\nTEL:TEL:2").phones == ["+91-90000-00001", "2"])
        #expect(try card("EMAIL:a@x.in\nEMAIL;PREF:b@x.in\nEMAIL: ").emails == ["b@x.in", "a@x.in"])
        #expect(try card("TEL;PREF=99999999999999999999:1\nTEL;PREF=-1:2").phones == ["2", "1"])
    }

    @Test func aGroupTiesADateToItsLabel() throws {
        let lines =
            "item1.X-ABDATE:2010-12-02\nitem2.X-ABDATE:2011-01-01\nitem1.X-ABLabel:First order\nitem2.X-ABLabel:_$!<Anniversary>!$_"
        #expect(try card(lines).anniversary == "2011-01-01")
        #expect(try card("X-ABDATE:2010-12-02\nX-ABLabel:Anniversary").anniversary == nil)
        #expect(try card("item1.TEL:1\nitem1.X-ABLabel:Shop\nother.item.TEL:2").phones == ["1", "2"])
    }

    @Test func daysAreKeptAsTheyStand() throws {
        #expect(try card("BDAY:--0423").birthday == "--0423")
        #expect(try card("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-23").birthday == "--04-23")
        #expect(try card("BDAY;X-APPLE-OMIT-YEAR=1604:16040423").birthday == "--0423")
        #expect(try card("BDAY;VALUE=text:about 1980\nANNIVERSARY:20101202").birthday == "about 1980")
        #expect(try card("ANNIVERSARY:20101202\nX-ANNIVERSARY:2011-01-01").anniversary == "20101202")
        let event = "X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;"
        #expect(try card(event + "2010-12-02;1;;;").anniversary == "2010-12-02")
        #expect(try card(event + "--06-01;3;;;").birthday == "--06-01")
        #expect(try card(event + "2024-01-12;0;Party;;\n\(event)\nX-ANDROID-CUSTOM:x").anniversary == nil)
    }

    @Test func commasSemicolonsAndLineBreaksMayBeEscaped() throws {
        #expect(try card("NOTE:a\\, b\\; c\\: d\\\\n\\ne\\Nf\\").note == "a, b; c: d\\n\ne\nf\\")
        #expect(try card("N:Rao\\;Iyer;Asha\\\\;;;").name == "Asha\\ Rao;Iyer")
        #expect(
            try card("CATEGORIES:Silk\\, cotton,VIP,,\nCATEGORIES:New").categories == ["Silk, cotton", "VIP", "New"])
        #expect(try card("NOTE:One\nNOTE:\nNOTE:Two").note == "One\nTwo")
        #expect(try card("ORG:Rao \\& Sons;Sales;").organisation == "Rao & Sons, Sales")
    }

    @Test func anAddressIsReadInItsParts() throws {
        let address = try #require(
            try card("ADR:;;;;;;\nADR;HOME:PB 1;Flat 2;3\\, Old Road;Surat;Gujarat;395001;India\nADR:;;x").address)
        #expect(address.lines == ["PB 1", "Flat 2", "3, Old Road"])
        #expect(
            [address.city, address.state, address.pinCode, address.country] == ["Surat", "Gujarat", "395001", "India"])
        #expect(try card("ADR:;;a\nADR;PREF:;;b").address?.lines == ["b"])
        #expect(try card("ADR:a").address?.lines == ["a"])
        #expect(try card("ADR:\nADR:;;;;;;").address == nil)
    }

    @Test func foldedLinesAreOne() throws {
        #expect(try card("NOTE:As\n ha\n\t and\n  others").note == "Asha and others")
        #expect(try card("VERSION:2.1\nNOTE:Asha\n and\n\tothers").note == "Asha and\tothers")
        // A letter may be cut in the middle.
        let raw = Array("BEGIN:VCARD\nFN:Zo\u{EB}\nEND:VCARD".utf8)
        let cut = try #require(raw.firstIndex(of: 0xAB))
        for step in [1, .max] {
            guard case .card(let card, _)? = read(raw[..<cut] + Array("\r\n ".utf8) + raw[cut...], step: step).first
            else {
                Issue.record("no card")
                continue
            }
            #expect(card.name == "Zoë")
        }
    }

    @Test func quotedPrintableTextIsDecoded() throws {
        let encoded = ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
        #expect(try card("VERSION:2.1\nFN\(encoded)=E0=A4=85=E0=A4=\n=A8=E0=A4=BF=E0=A4=A4=E0=A4=BE").name == "अनिता")
        #expect(
            try card("NOTE\(encoded)one=0D=0Atwo=\n TEL: three=\nTEL:four=3D").note == "one\ntwo TEL: threeTEL:four=")
        #expect(try card("NOTE\(encoded)100=% =ZZ =4").note == "100=% =ZZ =4")
        #expect(try card("N\(encoded)Rao=5C;Iyer;Asha").name == "Asha Rao;Iyer")
        #expect(try card("FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Zo=EB").name == "Zoë")
        #expect(try card("FN;ENCODING=BASE64;CHARSET=UTF-8:4KSF4KSo4KS/\n 4KSk4KS+").name == "अनिता")
        // What follows belongs to a line that is passed over, whatever it looks like.
        #expect(try card("LABEL;QUOTED-PRINTABLE:a=\nTEL:1=\nTEL:2\nTEL:3").phones == ["3"])
    }

    @Test func whatMakesNoCustomerIsPassedOver() throws {
        let base64 = String(repeating: "QUJD", count: 18)
        let read = try card(
            """
            VERSION:2.1
            PHOTO;ENCODING=BASE64;JPEG:\(base64)
             \(base64)
            \(base64)
            \(base64)==

            X-WHATSAPP:1
            IMPP;X-SERVICE-TYPE=WhatsApp:x-apple:2
            URL:https://example.in
            AGENT:BEGIN:VCARD\\nFN:Agent\\nEND:VCARD
            SOUND;X-IRMC-N:x
            TEL:3
            """)
        #expect(read.phones == ["3"])
        #expect(read.name == nil)
        #expect(read.unreadableLines == 0)
    }

    @Test func linesThatAreNoPropertiesAreCounted() throws {
        let read = try card("TEL:1\nNOTE:one\ntwo\nthree\n\n  \n:x\n\(String(repeating: "y", count: 2_000)):z\nFN:Asha")
        #expect(read.phones == ["1"])
        #expect(read.name == "Asha")
        #expect(read.note == "one")
        #expect(read.unreadableLines == 4)
    }

    // MARK: - Cards that are none

    @Test func aCardWithoutItsEndIsReported() {
        let records = read("BEGIN:VCARD\nFN:One\nBEGIN:VCARD\nFN:Two\nEND:VCARD\nBEGIN:VCARD\nTEL:12")
        #expect(records.count == 3)
        #expect(records.first == .problem(.noEnd, number: 1))
        #expect(records.last == .problem(.noEnd, number: 3))
        #expect(read("BEGIN:VCARD").last == .problem(.noEnd, number: 1))
    }

    @Test func linesOutsideOfCardsAreReported() {
        #expect(read("name,phone\nAsha,9000000001\n") == [.problem(.noBegin, number: 1)])
        #expect(read("END:VCARD\nEND:VCARD\n") == [.problem(.noBegin, number: 1), .problem(.noBegin, number: 2)])
        #expect(
            read("TEL:1\nBEGIN:VCARD\nEND:VCARD\nTEL:2\n") == [
                .problem(.noBegin, number: 1), .card(VCard(), number: 2), .problem(.noBegin, number: 3),
            ])
        #expect(read("BEGIN:VCALENDAR\nEND:VCALENDAR\n") == [.problem(.noBegin, number: 1)])
        #expect(read("") == [])
        #expect(read("\n \n\n") == [])
        #expect(
            read("\u{FEFF}BEGIN:VCARD\nEND:VCARD\n\u{FEFF}begin:vcard\nend:vcard") == [
                .card(VCard(), number: 1), .card(VCard(), number: 2),
            ])
    }

    @Test func aCardWithinACardIsPassedOver() {
        var outer = VCard()
        outer.name = "Outer"
        outer.phones = ["3"]
        let agent = "AGENT:\nBEGIN:VCARD\nFN:Agent\nTEL:1\nAGENT:\n\nBEGIN:VCARD\nTEL:2\nEND:VCARD\nEND:VCARD\n"
        #expect(read("BEGIN:VCARD\nFN:Outer\n\(agent)TEL:3\nEND:VCARD\n") == [.card(outer, number: 1)])
        // One whose end is missing does not take the cards behind it along.
        #expect(
            read("BEGIN:VCARD\nAGENT:\nBEGIN:VCARD\nEND:VCARD\nBEGIN:VCARD\nFN:Outer\nTEL:3\nEND:VCARD\n") == [
                .problem(.noEnd, number: 1), .card(outer, number: 2),
            ])
    }

    @Test func whatCannotBeReadIsReportedAndTheNextCardRead() {
        #expect(problem("FN;ENCODING=QUOTED-PRINTABLE:=E0=A4") == .notUTF8)
        #expect(problem("FN;ENCODING=B:!") == .badEncoding)
        #expect(problem("FN;CHARSET=SHIFT_JIS:x") == .unknownCharset)
        #expect(problem("KIND:group\nFN:Customers") == .group)
        #expect(problem("NOTE:" + String(repeating: "x", count: 70_000)) == .lineTooLong)
        #expect(problem("NOTE:x" + String(repeating: "\n yyyyyyyyy", count: 10_000)) == .lineTooLong)
        #expect(problem(String(repeating: "TEL:1\n", count: 1_001)) == .tooManyProperties)
        #expect(problem(String(repeating: "X-A:1\n", count: 1_001)) == .tooManyProperties)
        #expect(problem(String(repeating: "NOTE:\(String(repeating: "x", count: 60_000))\n", count: 5)) == .cardTooLong)
        for text in ["FN:\u{0}", "X:\(String(repeating: "x", count: 1_000_000))"] { #expect(problem(text) == nil) }
    }

    // MARK: - Hostile files

    /// Nothing of what has no end is kept, however much of it comes.
    @Test func filesWithoutAnEndAreBorne() {
        for (opening, repeated) in [
            ("", "x"), ("BEGIN:VCARD\nPHOTO:", "x"), ("BEGIN:VCARD\nNOTE:", "x"), ("BEGIN:VCARD\n", "x\n"),
            ("BEGIN:VCARD\nNOTE:x", "\n "), ("BEGIN:VCARD\nPHOTO:", "\n x"), ("BEGIN:VCARD\n", "TEL:1\n"),
            ("BEGIN:VCARD\n", "AGENT:\nBEGIN:VCARD\n"), ("BEGIN:VCARD\n", "\n"), ("BEGIN:VCARD\n", "A;"),
            ("BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:", "=\n"), ("BEGIN:VCARD\n", "item1.X-ABLABEL:x\n"),
        ] {
            var reader = VCardReader(), records: [VCardReader.Record] = []
            reader.append(Array(opening.utf8))
            let piece = Array(String(repeating: repeated, count: (1 << 20) / repeated.utf8.count).utf8)
            for _ in 0..<8 {
                reader.append(piece)
                while let record = reader.next() { records.append(record) }
            }
            reader.finish()
            while let record = reader.next() { records.append(record) }
            #expect(records.count == 1)
            guard case .problem? = records.first else {
                Issue.record("\(opening): \(records)")
                continue
            }
        }
    }

    @Test func aMillionBeginningsAreAMillionProblems() {
        var reader = VCardReader(), problems = 0
        let piece = Array(String(repeating: "BEGIN:VCARD\n", count: 100_000).utf8)
        for _ in 0..<10 {
            reader.append(piece)
            while let record = reader.next() {
                problems += 1
                #expect(record == .problem(.noEnd, number: problems))
            }
        }
        reader.finish()
        while reader.next() != nil { problems += 1 }
        #expect(problems == 1_000_000)
    }

    @Test func noBytesMakeATrapAndNoCutChangesThem() {
        var random = Seeded(3)
        let words = [
            "BEGIN:VCARD", "END:VCARD", "VERSION:2.1", "FN", "N", "TEL", "ADR", "BDAY", "NOTE", "PHOTO", "item1.",
            "X-ABDATE",
            "X-ABLABEL", "AGENT:", ":", ";", "=", "\\", ",", "\n", "\r\n", "\n ", "=\n", "QUOTED-PRINTABLE",
            ";ENCODING=B",
            ";CHARSET=", "\"", "\u{FEFF}", "é", "=E9", "\u{0}", "a", "1",
        ]
        for round in 0..<3_000 {
            var file: [UInt8] = round % 2 == 0 ? Array("BEGIN:VCARD\n".utf8) : []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                if Int.random(in: 0..<12, using: &random) == 0 {
                    file.append(UInt8.random(in: 0...255, using: &random))
                } else {
                    file += Array((words.randomElement(using: &random) ?? "").utf8)
                }
            }
            let whole = read(file, step: .max)
            for step in 1...3 { #expect(read(file, step: step) == whole) }
            for case .card(let card, _) in whole { _ = try? ImportRecord(card) }
        }
    }
}
