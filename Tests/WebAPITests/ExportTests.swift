// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import TestSupport
import Testing

/// What a business takes along is what it has, and comes in again as it was.
@Suite struct ExportTests {
    // MARK: - CSV

    @Test func theWholeBookComesInAgainAsItWas() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), second = try await api.makeTenant("Second")
            for tenant in [acme, second] { try await HostileBook.addFields(tenant) }
            for customer in HostileBook.customers { _ = try await acme.makeCustomer(customer) }
            let owned: [String: Any] = ["name": "Owned", "owner_id": acme.userID.description]
            _ = try await acme.makeCustomer(owned)

            let file = try await acme.get("/v1/customers/export?format=csv")
            #expect(file.header("Content-Type") == "text/csv; charset=utf-8")
            let (id, status) = try await second.importFile(file.body)
            let rows = try await second.get("/v1/customer-imports/\(id)/rows?limit=100").object["data"]
            #expect(
                (rows as? [[String: Any]])?.compactMap { $0["code"] as? String } == [], "\(rows ?? "")")
            #expect(status["rows_created"] as? Int == HostileBook.customers.count + 1)
            #expect(status["ignored_columns"] as? [String] == ["owner_id", "id", "created_at", "updated_at"])

            let before = try await book(acme), after = try await book(second)
            #expect(before.count == after.count)
            for (old, new) in zip(before, after) { #expect(old == new) }
            // A second time round nothing has changed but ids, owners and times.
            let again = try await second.get("/v1/customers/export")
            func lines(_ text: String) -> [String] { cells(text).map { "\($0.dropLast(4))" }.sorted() }
            #expect(lines(file.text) == lines(again.text))
        }
    }

    @Test func noCellIsAFormula() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try await HostileBook.addFields(acme)
            for customer in HostileBook.customers { _ = try await acme.makeCustomer(customer) }

            let rows = cells(try await acme.get("/v1/customers/export").text)
            #expect(Set(rows.map(\.count)).count == 1)
            let dangerous = Set("=+-@\t\r＝＋－＠".unicodeScalars)
            for cell in rows.joined() {
                #expect(cell.unicodeScalars.first.map { !dangerous.contains($0) } ?? true, "\(cell)")
            }
        }
    }

    @Test func whatABusinessHasAddedHasAColumnEach() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            try await HostileBook.addFields(acme)
            _ = try await acme.makeCustomer([
                "name": "Asha",
                "custom_fields": ["phone": 38.5, "a_b": 120_050, "id": "2026-01-31", "name": true, "city": "b, c"],
            ])

            let rows = cells(try await acme.get("/v1/customers/export").text)
            let row = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
            #expect(row["name"] == "Asha" && row["custom.phone"] == "38.5" && row["custom.a_b"] == "120050")
            #expect(row["custom.id"] == "2026-01-31" && row["custom.name"] == "yes" && row["custom.city"] == "b, c")
            #expect(row["custom.ab"]?.isEmpty == true && row["id"]?.hasPrefix("cus_") == true)
        }
    }

    // MARK: - vCards

    @Test func phonesGetCardsThatComeInAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), second = try await api.makeTenant("Second")
            for customer in HostileBook.contacts { _ = try await acme.makeCustomer(customer) }

            let file = try await acme.get("/v1/customers/export?format=vcard")
            #expect(file.header("Content-Type") == "text/vcard; charset=utf-8")
            #expect(file.header("Content-Disposition") == "attachment; filename=\"customers.vcf\"")
            let lines = file.body.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
            for line in lines {
                #expect(line.last == 0x0D && line.count <= 76)
                // No line breaks a character in two.
                #expect(String(validating: line, as: UTF8.self) != nil)
            }
            let (_, status) = try await second.importFile(file.body, type: "text/vcard")
            #expect(status["rows_created"] as? Int == HostileBook.contacts.count)

            let before = try await book(acme), after = try await book(second)
            #expect(before.count == after.count)
            for (old, new) in zip(before, after) { #expect(old == new) }
        }
    }

    @Test func aCardSaysThingsAsPhonesSayThem() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let id = try await acme.makeCustomer([
                "name": "Rao; Asha, Mrs.", "phone": "9812345678", "other_phones": ["+442079460958"],
                "email": "asha@example.in", "other_emails": ["a@example.in"], "tags": ["silk", "red, blue"],
                "notes": "One\r\ntwo\\three", "address": "12, Ring Road\nNear it", "city": "Surat", "state": "Gujarat",
                "pin_code": "395002", "birthday": "--04-23", "anniversary": "2010-12-05", "stage": "active",
            ])
            _ = try await acme.makeCustomer(["phone": "9812345679"])
            _ = try await acme.makeCustomer(["whatsapp_id": "IN.42", "city": "Pune"])

            let text = try await acme.get("/v1/customers/export?format=vcard").text
            let cards = text.components(separatedBy: "BEGIN:VCARD\r\n").dropFirst().map {
                $0.components(separatedBy: "\r\n")
            }
            #expect(cards.count == 3)
            #expect(
                cards[0].dropLast() == [
                    "VERSION:3.0", #"N:;Rao\; Asha\, Mrs.;;;"#, #"FN:Rao\; Asha\, Mrs."#,
                    "TEL;TYPE=CELL;TYPE=PREF:+919812345678", "TEL;TYPE=CELL:+442079460958",
                    "EMAIL;TYPE=INTERNET;TYPE=PREF:asha@example.in", "EMAIL;TYPE=INTERNET:a@example.in",
                    #"ADR;TYPE=HOME:;;12\, Ring Road\nNear it;Surat;Gujarat;395002;"#,
                    "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-23", "item1.X-ABDATE:2010-12-05",
                    "item1.X-ABLabel:_$!<Anniversary>!$_",
                    "X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;2010-12-05;1;;;;;;;;", " ;;;;;",
                    "X-ANNIVERSARY:2010-12-05", #"CATEGORIES:silk,red\, blue"#, #"NOTE:One\ntwo\\three"#,
                    "UID:\(id)", cards[0][17], "END:VCARD",
                ])
            #expect(cards[0][17].wholeMatch(of: /REV:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
            // Who has no name is shown by their number; who has no number either by what they are called.
            #expect(cards[1].contains("FN:") && cards[1].contains("N:;;;;"))
            #expect(cards[2].contains("FN:IN.42") && cards[2].contains("ADR;TYPE=HOME:;;;Pune;;;"))
        }
    }

    // MARK: - JSON

    @Test func oneDocumentHasEverybodyAsTheyAreReadOneByOne() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other")
            try await HostileBook.addFields(acme)
            for customer in HostileBook.customers { _ = try await acme.makeCustomer(customer) }
            _ = try await other.makeCustomer(["name": "Foreign"])

            let file = try await acme.get("/v1/customers/export?format=json")
            #expect(file.header("Content-Type") == "application/json")
            #expect(file.header("Content-Disposition") == "attachment; filename=\"customers.json\"")
            let customers = try #require(file.object["customers"] as? [[String: Any]])
            let listed = try await acme.get("/v1/customers?expand=details&sort=created_at&limit=100").object["data"]
            #expect(customers as NSArray == listed as? NSArray)
        }
    }

    /// Of any size, in every format.
    @Test(arguments: ["csv", "vcard", "json"])
    func everybodyIsInTheFileOnce(_ format: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let people = (0..<1_100).map { "Customer \($0),\(7_000_000_000 + $0)\n" }.joined()
            _ = try await acme.importFile(Array(("name,phone\n" + people).utf8))
            let some = try await acme.get("/v1/customers?limit=40").object["data"] as? [[String: Any]] ?? []
            let gone = some.prefix(20).compactMap { $0["id"] as? String }
            for id in gone.prefix(10) { #expect(try await acme.delete("/v1/customers/\(id)").status == 204) }
            let survivor = try #require(some.last?["id"] as? String)
            for id in gone.dropFirst(10) { try await merge(id, into: survivor, api) }

            let file = try await acme.get("/v1/customers/export?format=" + format)
            let found = ids(file, format)
            #expect(found.count == 1_080 && Set(found).count == 1_080)
            #expect(found == found.sorted())
            #expect(Set(found).isDisjoint(with: gone) && found.contains(survivor))
        }
    }

    /// While it is written others come, go and change; whoever stays is in it once.
    @Test(arguments: ["csv", "json"])
    func whoeverIsThereFromBeginningToEndIsInTheFileOnce(_ format: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), notes = String(repeating: "x", count: 2_000)
            let people = (0..<1_500).map { "Customer \($0),\(notes)\n" }.joined()
            _ = try await acme.importFile(Array(("name,notes\n" + people).utf8))
            let listed = try await acme.get("/v1/customers?limit=100").object["data"] as? [[String: Any]] ?? []
            let all = listed.compactMap { $0["id"] as? String }, goers = Set(all.prefix(30))

            async let file = acme.get("/v1/customers/export?format=" + format)
            for (index, id) in all.prefix(60).enumerated() {
                if goers.contains(id) {
                    #expect(try await acme.delete("/v1/customers/\(id)").status == 204)
                } else {
                    let path = "/v1/customers/\(id)"
                    #expect(try await acme.patch(path, ["name": "Changed"], ifMatch: "*").status == 200)
                }
                _ = try await acme.makeCustomer(["name": "New \(index)"])
            }
            let found = ids(try await file, format)
            #expect(Set(found).count == found.count)
            #expect(Set(found).isSuperset(of: all.filter { !goers.contains($0) }))
            #expect((1_470...1_560).contains(found.count))
        }
    }

    // MARK: - Who may

    @Test func theOwnerAloneTakesTheBookAndItIsWrittenDown() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for role in [.manager, .staff, .viewer] as [Role] {
                let colleague = try await acme.colleague(role)
                for format in ["csv", "vcard", "json"] {
                    let refused = try await colleague.get("/v1/customers/export?format=" + format)
                    #expect(refused.problemCode == "permission_denied")
                }
            }
            let made = try await acme.post("/v1/api-keys", ["name": "Backup", "scopes": ["customers:export"]]).object
            let key = try #require(made["key"] as? String)
            for format in ["csv", "vcard"] {
                #expect(try await acme.get("/v1/customers/export?format=" + format).status == 200)
            }
            let path = "/v1/customers/export?format=json"
            #expect(try await api.request("GET", path, token: key).status == 200)
            #expect(try await acme.get("/v1/customers/export?format=xml").status == 400)

            let log = "/v1/audit-events?filter[event]=customers.exported"
            let events = try await acme.get(log).object["data"] as? [[String: Any]]
            #expect(events?.map { $0["detail"] as? String } == ["json", "vcard", "csv"])
            #expect(events?.map { $0["actor"] as? String } == ["api_key", "person", "person"])
            #expect(events?.first?["actor_id"] as? String == made["id"] as? String)
        }
    }

    // MARK: - Reading files

    /// All that is known of everybody but ids, owners and times, the longest-known first.
    private func book(_ tenant: TestTenant) async throws -> [NSDictionary] {
        let path = "/v1/customers?expand=details&sort=created_at&limit=100"
        let customers = try await tenant.get(path).object["data"] as? [[String: Any]] ?? []
        return customers.map { customer in
            let own = ["id", "owner_id", "version", "created_at", "updated_at"]
            return customer.filter { !own.contains($0.key) } as NSDictionary
        }
    }

    /// RFC 4180, as a spreadsheet reads it.
    private func cells(_ text: String) -> [[String]] {
        var rows: [[String]] = [], row: [String] = [], cell = "".unicodeScalars, isQuoted = false, wasQuote = false
        func isEnd(_ scalar: Unicode.Scalar) -> Bool { !isQuoted && (scalar == "," || scalar == "\n") }
        for scalar in text.unicodeScalars where scalar != "\u{FEFF}" {
            if scalar == "\"" {
                if wasQuote { cell.append(scalar) }
                wasQuote = isQuoted
                isQuoted.toggle()
                continue
            }
            wasQuote = false
            if isEnd(scalar) {
                row.append(String(cell))
                cell = "".unicodeScalars
                if scalar == "\n" {
                    rows.append(row)
                    row = []
                }
            } else if isQuoted || scalar != "\r" {
                cell.append(scalar)
            }
        }
        return rows
    }

    private func ids(_ file: RawClient.Reply, _ format: String) -> [String] {
        switch format {
        case "json":
            return (file.object["customers"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        case "vcard":
            return file.text.split(separator: "\r\n").filter { $0.hasPrefix("UID:") }.map { String($0.dropFirst(4)) }
        default:
            let rows = cells(file.text)
            guard let column = rows.first?.firstIndex(of: "id") else { return [] }
            return rows.dropFirst().map { $0[column] }
        }
    }

    private func merge(_ id: String, into survivor: String, _ api: TestAPI) async throws {
        let (one, other) = (id.dropFirst(4), survivor.dropFirst(4))
        _ = try api.database.run(
            as: "unnati_owner",
            """
            UPDATE app.customers SET deleted_at = now(), erase_after = now() + interval '30 days', merged_into = '\(other)'
            WHERE id = '\(one)'
            """)
    }
}

/// Customers with all that may stand in a book and be taken for something else in a file.
private enum HostileBook {
    /// Of every kind, called as other columns are.
    static func addFields(_ tenant: TestTenant) async throws {
        for field in [
            ["key": "whatsapp_user_id", "label": "Phone", "kind": "text"],
            ["key": "phone", "label": "Email", "kind": "number"], ["key": "a_b", "label": "Name", "kind": "money"],
            ["key": "ab", "label": "other_phones", "kind": "text"], ["key": "id", "label": "ID", "kind": "date"],
            ["key": "name", "label": "custom.city", "kind": "yes_no"],
            ["key": "city", "label": "City", "kind": "choice", "choices": ["a", "b, c", "=1;\"2\""]],
        ] as [[String: Any]] {
            let reply = try await tenant.post("/v1/customer-fields", field)
            #expect(reply.status == 201, "\(reply.text)")
        }
    }

    static var customers: [[String: Any]] {
        [
            [
                "name": "=HYPERLINK(\"http://x.example\";\"Click\")", "phone": "9812345678",
                "other_phones": (0..<10).map { "98000000\(10 + $0)" }, "email": "main@example.in",
                "other_emails": (0..<10).map { "'=+|\($0)@example.in" },
                "whatsapp_id": "IN.13491208655302741918", "stage": "active",
                "tags": [
                    "a,b", "c;d", "p|q", "\"quoted\"", "say \"hi\"", "5\" pipe", "* starred", "starred", "myContacts",
                    "x:::y", "=1", "'=2", "'", "🙏🏽", "रेशम", "plain",
                ],
                "notes": "First, \"quoted\"\r\nsecond; 'third'\n\n\t=4\rfifth \\n",
                "address": "'12, Ring Road\n=Near it",
                "city": "'Pune", "state": "@home", "pin_code": "395002", "gstin": "27AAPFU0939F1ZV",
                "birthday": "--02-29", "anniversary": "0090-01-01", "language": "gu",
                "source": "+cmd|' /C calc'!A0",
                "custom_fields": [
                    "whatsapp_user_id": "=cmd\nline, \"two\"; 'three'", "phone": -99_999_999.9999, "a_b": -5,
                    "ab": "'=\"0123\"", "id": "0001-01-01", "name": false, "city": "=1;\"2\"",
                ],
            ],
            [
                "name": "All kinds", "notes": "\u{301}a mark in front",
                "stage": "dormant", "tags": ["=first,of", "second"], "birthday": "2000-12-31",
                "custom_fields": [
                    "whatsapp_user_id": "00123", "phone": 0.0001, "a_b": 1_000_000_000_000, "ab": "\u{301}+91 98123",
                    "id": "9999-12-31", "name": true, "city": "b, c",
                ],
            ],
            // A household's number is somebody's first and the others' second one.
            ["name": "Child", "other_phones": ["9812345678"], "other_emails": ["main@example.in"]],
            ["name": "Both", "phone": "9812345600", "other_phones": ["9812345600", "9812345678"]],
            ["whatsapp_id": "=IN.42"], ["whatsapp_id": "IN.43", "other_phones": ["9812345678"]],
            ["email": "'+x@example.in"], ["phone": "+442079460958"],
            ["phone": "+12025550123", "email": "=-@example.in", "tags": ["'", "''", "\"", ";", "\",\""]],
        ]
            + [
                "'=1+1", "''+91", "'''", "=\"0123\"", "'=\"0123\"", "007", "-", "+", "'", "NA", "0", "＝x", "'＠x",
                "+\u{301}x",
                "'\u{301}=x", "सुरेश, \"पटेल\"; 🙏🏽", "o'Neil", "9.19877E+11", "sep=;", "name", "नाम", "a\u{200D}b",
            ].map { ["name": $0] }
    }

    /// Those of whom a card can say all that is known.
    static var contacts: [[String: Any]] {
        [
            [
                "name": "सुरेश, \"पटेल\"; \\n 🙏🏽 \(String(repeating: "बहुत लंबा नाम ", count: 3))", "phone": "9812345678",
                "other_phones": (0..<10).map { "98000000\(10 + $0)" }, "email": "main@example.in",
                "other_emails": (0..<10).map { "o\($0)@example.in" },
                "tags": ["a,b", "c;d", "p|q", "\"quoted\"", "back\\slash", "=1", "'=2", "* ", "रेशम", "plain"],
                "notes": "First, \"quoted\"\nsecond; 'third'\n\n\t=4 \\n\n" + String(repeating: "ज़मीन🙏🏽", count: 200),
                "address": "12; Ring Road, Old\nNear it\\", "city": "Pune, City", "state": "Maha;rashtra",
                "pin_code": "411001", "birthday": "--02-29", "anniversary": "1990-04-23",
            ],
            ["name": "Foreign", "phone": "+442079460958", "other_phones": ["+12025550123", "9812345600"]],
            ["phone": "9812345679", "anniversary": "--12-31"], ["email": "only@example.in", "birthday": "0090-01-01"],
            ["name": "State alone", "state": "Goa"],
        ] + ["=1+1", "'=1", "007", "NA", "BEGIN:VCARD", "o'Neil"].map { ["name": $0] }
    }
}
