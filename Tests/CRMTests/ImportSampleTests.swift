// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Foundation
import TestSupport
import Testing

/// Files in the shape of real exports, of invented people, as they come: what becomes of each row and card.
@Suite struct ImportSampleTests {
    private static let steps = [1, 2, 3, 4_096, .max]

    /// How a file was read, and a line for each record: who it is, or why it is nobody.
    private func outcomes(of file: String, step: Int) throws -> [String] {
        let path = Contract.repository + "/Tests/CRMTests/Samples/" + file
        var rest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]
        var decoder = TextDecoder(), csv = CSVReader(), cards = VCardReader(), mapping: ImportMapping?,
            lines: [String] = []
        let isCSV = file.hasSuffix(".csv")
        func take() {
            while let record = isCSV ? csv.next() : nil {
                switch record {
                case .problem(let problem, let number): lines.append("\(number) \(problem.rawValue)")
                case .fields(let fields, let number):
                    guard let mapping else {
                        mapping = ImportMapping(guessing: fields)
                        continue
                    }
                    lines.append(outcome(number) { () throws(FieldError) in try ImportRecord(fields, mapping) })
                }
            }
            while let record = isCSV ? nil : cards.next() {
                switch record {
                case .problem(let problem, let number): lines.append("\(number) \(problem.rawValue)")
                case .card(let card, let number):
                    lines.append(outcome(number) { () throws(FieldError) in try ImportRecord(card) })
                }
            }
        }
        while !rest.isEmpty {
            let text = decoder.decode(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
            if isCSV { csv.append(text) } else { cards.append(text) }
            take()
        }
        let text = decoder.finish()
        if isCSV { csv.append(text) } else { cards.append(text) }
        csv.finish()
        cards.finish()
        take()
        return ["\(decoder.encoding.rawValue) \(csv.separator?.rawValue ?? "vcard")"] + lines
    }

    private func outcome(_ number: Int, _ read: () throws(FieldError) -> ImportRecord) -> String {
        do throws(FieldError) { return "\(number) \(line(try read()))" } catch {
            return "\(number) refused: \(error.code)"
        }
    }

    private func line(_ record: ImportRecord) -> String {
        let place = [record.address, record.city, record.state, record.pinCode?.value].compactMap { $0 }
        var parts = [record.name ?? "?"] + record.phones.map(\.e164) + record.emails.map(\.address)
        if let organisation = record.organisation { parts.append("of \(organisation)") }
        if !place.isEmpty { parts.append("in \(place.joined(separator: ", "))") }
        if let gstin = record.gstin { parts.append("gst \(gstin)") }
        if let birthday = record.birthday { parts.append("born \(birthday)") }
        if let anniversary = record.anniversary { parts.append("wed \(anniversary)") }
        if let language = record.language { parts.append("speaks \(language)") }
        parts += record.tags.map { "#\($0)" }
        if let notes = record.notes { parts.append("(\(notes.count > 60 ? "\(notes.count) letters" : notes))") }
        parts += record.problems.map { "!\($0.code)" }
        return parts.joined(separator: " · ").replacing("\r\n", with: "⏎").replacing("\n", with: "⏎")
    }

    private func expect(_ file: String, _ expected: String) throws {
        for step in Self.steps {
            #expect(try outcomes(of: file, step: step) == expected.split(separator: "\n").map(String.init))
        }
    }

    @Test func googleContactsAsItWas() throws {
        try expect(
            "google-contacts-old.csv",
            #"""
            utf-8 comma
            2 Asha Rao · +919000000001 · asha.rao@example.in · in 12, MG Road⏎Near Clock Tower, Bengaluru, Karnataka, 560001 · born 1988-04-23 · #Silk customers · #VIP
            3 रमेश पटेल · +919000000002 · !invalid_phone
            4 Meena Joshi · +919000000003 · +919000000004 · #Wholesale
            5 ? · only.mail@example.com
            6 Farhan Shaikh · +919000000005 · born --08-15
            7 Suresh "Suri" Mehta · +919000000006
            8 ? · +919000000007
            9 refused: invalid_phone
            10 Khan, Dr. Imran · +919000000008 · imran@example.org · dr.khan@example.org · clinic@example.org
            11 Priya Nair · +971501234567
            12 Lakshmi Iyer · +919000000009 · (Likes blue, not green.⏎Call after 6 pm.)
            13 Gupta Sweets · +919000000010 · of Gupta Sweets
            14 refused: invalid_email
            15 refused: required
            16 Anil Prasad Kumar · +919000000012 · !invalid_pin_code · !invalid_date
            """#)
    }

    @Test func googleContactsAsItIs() throws {
        try expect(
            "google-contacts-new.csv",
            #"""
            utf-8 comma
            2 Kavita Deshmukh · +919000000021 · born 1979-11-05 · #Saree buyers
            3 Mohammed Yusuf Ansari · +919000000022 · +442079460958
            4 refused: invalid_phone
            5 ஆனந்தி முருகன் · +919000000023
            6 Shree Ram Traders · +919000000024 · of Shree Ram Traders · in Shop 4, Station Road, PB 12, Opp. Bus Stand, Anand, GJ, 388001
            7 Neha Singh · neha.singh@example.com
            8 refused: invalid_phone
            9 Rohit Verma · +919000000025 · ("Best" customer; pays late)
            10 Chintu · +919000000026
            11 Deepa Menon · +919000000027 · born --02-29 · !invalid_phone
            12 Duplicate Number · +919000000028
            """#)
    }

    @Test func outlook() throws {
        try expect(
            "outlook.csv",
            #"""
            windows-1252 comma
            2 Zoë D’Souza · +919000000041 · zoe@example.in · born 1990-04-23 · speaks English · #Wedding · #Regular
            3 Arjun Pillai · +919000000042 · of Pillai & Sons · in 7 Hill Road, Bandra West, Mumbai, Maharashtra, 400050 · !invalid_phone
            4 Sunita Bose · +919000000043
            5 Harpreet Kaur · harpreet@example.in · !invalid_phone
            6 Thomas K. Mathew · +919000000044 · thomas@example.in · thomas.m@example.com · wed 2005-02-12
            7 Café Madras · +919000000045 · of Café Madras
            8 refused: invalid_phone
            9 Geeta Rane · +919000000046 · (Owes € 20 – ask "gently"⏎Second line)
            10 Primary Only · +919000000047
            """#)
    }

    @Test func messagesOnWhatsApp() throws {
        try expect(
            "wati.csv",
            #"""
            utf-8 comma
            2 Asha · +919000000061 · in Pune
            3 Bilal · +919000000062 · in Nagpur
            4 Chitra · +919000000063
            5 David · +447700900123 · in London
            6 Elena · +12025550123
            7 Fahad · +971501234567 · in Dubai
            8 refused: phone_in_scientific_notation
            9 Hari · +919000000064
            10 Isha · +919000000065
            11 refused: invalid_country_code
            12 Kiran
            13 refused: required
            """#)
    }

    @Test func aBookOfDebts() throws {
        try expect(
            "khatabook.csv",
            #"""
            utf-8 comma
            2 Ramesh Kirana Store · +919000000121 · in Main Bazar, Rajkot, Gujarat · gst 24ABCPK1234M1ZW
            3 सोनू भाई · +919000000122
            4 refused: phone_in_scientific_notation
            5 Old party · (no number)
            6 Mahesh · +919000000123 · !invalid_gstin
            7 Mahesh again · +919000000123
            8 Imran Bhai Tailor · +919000000124
            9 Two phones · +919000000125 · +919000000126
            10 Float phone · +919000000127
            11 refused: invalid_phone
            """#)
    }

    @Test func excelAsUnicodeText() throws {
        try expect(
            "excel-utf16.csv",
            #"""
            utf-16le tab
            2 अनिता शर्मा · +919000000081 · anita@example.in · in १२, गांधी मार्ग, जयपुर, 302001 · born 1990-04-23 · (पुरानी ग्राहक)
            3 राजेश कुमार · +919000000082 · in लखनऊ, 226001 · born 1985-07-05
            4 सीमा "गुड़िया" वर्मा · +919000000083 · in मकान 4,⏎गली 2 · born 1972-08-15 · (फोन शाम को)
            5 ज़ाकिर हुसैन · +919000000084 · +919000000085
            6 बिना नंबर
            7 refused: invalid_phone
            8 😀 दुकान · +919000000086 · born --12-31 · (emoji 🎉)
            9 refused: required
            10 refused: invalid_email
            11 पिन गलत · +919000000088 · !invalid_pin_code · !invalid_date
            """#)
    }

    @Test func excelInWesternEurope() throws {
        try expect(
            "excel-latin1.csv",
            #"""
            windows-1252 semicolon
            2 Zoë Pinto · +919000000101 · zoe.pinto@example.in · in Margão · born 1990-04-23 · #silk · #vip · (pays in €)
            3 refused: invalid_email
            4 André Gomes · +919000000102 · +919000000103 · in Panjim · born 2003-02-01 · (“regular”)
            5 José; the tailor · +919000000104
            6 Müller & Co · +919000000105
            7 Renée · +919000000106 · !invalid_phone
            8 refused: required
            9 Inês · +919000000107 · ines@example.in · !invalid_date
            10 Ångström Ltd · +919000000108
            """#)
    }

    @Test func androidWithVCard2And3() throws {
        try expect(
            "android.vcf",
            #"""
            utf-8 vcard
            1 Asha Rao · +919000000141 · +918012345678 · asha@example.in · in 12 MG Road, Bengaluru, Karnataka, 560001 · born 1988-04-23
            2 रमेश पटेल · +919000000142 · wed 2010-12-02 · (पुराना ग्राहक, नीला रंग पसंद⏎शाम को फोन करें)
            3 सुनीता देवी · +919000000143 · +919000000144 · of Devi Boutique, Sales · in मकान 4, गली 2, जयपुर, राजस्थान, 302001
            4 ? · +919000000145
            5 Electrician · +919000000146 · +919000000147
            6 refused: invalid_phone
            7 not_utf8
            8 Zoë Pinto · +919000000149 · born --08-15
            9 Mr. Suresh Mehta · +919000000150 · born --06-01 · #Wholesale · #Silk, cotton · (Likes blue, not green.⏎Call after 6 pm.)
            10 अनिता शर्मा · +919000000151 · anita@example.in · !invalid_email
            11 Gupta Sweets · +919000000152 · of Gupta Sweets
            12 Nobody
            """#)
    }

    @Test func anIPhone() throws {
        try expect(
            "iphone.vcf",
            #"""
            utf-8 vcard
            1 Asha Rao · +919000000161 · asha@example.in · of Rao Textiles · in 12 MG Road⏎Near Clock Tower, Bengaluru, Karnataka, 560001 · born 1988-04-23 · wed 2010-12-02
            2 Dr. Imran Khan · +919000000162 · +918023456789 · born --08-15
            3 रीना · +919000000163 · !invalid_phone
            4 Sharma Stores · +919000000164 · of Sharma Stores · (230 letters)
            5 Ravi Das · +919000000165
            6 No Number · no.number@example.in
            7 Zoë Maria D'Souza · +919000000166
            8 refused: invalid_phone
            9 Date Wrong · +919000000167 · !invalid_date
            """#)
    }

    @Test func vCard4() throws {
        try expect(
            "vcard4.vcf",
            #"""
            utf-8 vcard
            1 Asha Rao · +919000000181 · +919000000182 · first@example.in · second@example.in · in 12 MG Road, Bengaluru, Karnataka, 560001 · born 1988-04-23 · wed 2010-12-02
            2 रमेश पटेल · +919000000183 · of Patel & Sons, Shop; front · born --04-23 · #Wholesale · #VIP
            3 Preferred Name · +919000000184 · born 1953-10-15
            4 group_of_cards
            5 Folded · +919000000185 · (One⏎Two\three)
            6 Year Only · +919000000186 · !invalid_date
            7 ? · +919000000187 · (a line that was not) · !unreadable_line
            8 From Abroad · +442079460958 · in 10 High Street, SW1A 1AA, United Kingdom, London
            9 no_end
            10 After It · +919000000189
            11 no_begin
            12 The Last · +919000000192
            """#)
    }
}
