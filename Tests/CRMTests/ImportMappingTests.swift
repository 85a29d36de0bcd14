// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Testing

@Suite struct ImportMappingTests {
    private func targets(_ header: [String], custom: [String: String] = [:]) -> [String] {
        ImportMapping(guessing: header, customFields: custom).columns.map { $0.target?.rawValue ?? "-" }
    }

    @Test(arguments: [
        (["name", "phone", "email", "stage", "tags", "notes", "created_at"], "name phone email stage tags notes -"),
        (["Party Name", "Mobile", "Balance"], "name phone -"),
        (["Name", "CountryCode", "Phone", "AllowBroadcast"], "name country_code phone -"),
        (
            ["NAME *", "Contact No.", "E-Mail ID", "PIN Code", "GSTIN/UIN", "D.O.B."],
            "name phone email pin_code gstin birthday"
        ),
        (["नाम", "फ़ोन", "मोबाइल नं.", "पता", "ईमेल", "जन्मतिथि"], "name phone other_phones address email birthday"),
        (["ग्राहकाचे नाव", "मोबाईल", "पत्ता", "गाव"], "name phone address city"),
        (["નામ", "મોબાઇલ નંબર", "સરનામું", "ગામ", "પિન કોડ"], "name phone address city pin_code"),
        (["பெயர்", "கைபேசி எண்", "முகவரி", "மின்னஞ்சல்", "பிறந்த நாள்"], "name phone address email birthday"),
        (["పేరు", "ఫోన్", "చిరునామా"], "name phone address"), (["ಹೆಸರು", "ಮೊಬೈಲ್ ಸಂಖ್ಯೆ", "ವಿಳಾಸ"], "name phone address"),
        (["പേര്", "ഫോൺ", "വിലാസം"], "name phone address"), (["নাম", "মোবাইল নম্বর", "ঠিকানা"], "name phone address"),
        (["ਨਾਮ", "ਫ਼ੋਨ", "ਪਤਾ"], "name phone address"), (["ନାମ", "ଫୋନ", "ଠିକଣା"], "name phone address"),
        (["نام", "موبائل", "پتہ"], "name phone address"),
    ])
    func columnsAreKnownByTheirNames(_ header: [String], _ expected: String) {
        #expect(targets(header).joined(separator: " ") == expected)
    }

    @Test func ofTwoAlikeTheFirstCounts() {
        #expect(
            targets(["Mobile", "Phone", "WhatsApp", "Email", "Mail"]) == [
                "phone", "other_phones", "other_phones", "email", "other_emails",
            ])
        #expect(targets(["City", "Town", "name"]) == ["city", "-", "name"])
        #expect(ImportMapping(guessing: ["City", "Town", "name"]).ignoredColumns == ["Town"])
        // All that is counted is alike, and what has its own place keeps it.
        #expect(targets(["Phone 1 - Value", "Phone 2 - Value"]) == ["phone", "phone"])
        #expect(targets(["Mobile", "Mobile 2", "Phone 1"]) == ["phone", "other_phones", "other_phones"])
        #expect(targets(["E-mail Address", "E-mail 2 Address"]) == ["email", "other_emails"])
        #expect(targets(["Address 1", "Address 2", "Address Line 3"]) == ["address", "address", "address"])
        #expect(targets(["Address 1 - City", "Address 2 - City", "Address 2 - Street"]) == ["city", "-", "-"])
    }

    @Test func aFallbackCountsWhereNothingElseDoes() {
        #expect(targets(["Number", "Nickname"]) == ["phone", "name"])
        #expect(targets(["Number", "Nickname", "Mobile", "Full Name"]) == ["-", "-", "phone", "name"])
        #expect(targets(["Home Street", "Home Street 2", "Home City"]) == ["address", "address", "city"])
        #expect(
            targets(["Home Street", "Home City", "Business Street", "Business City"]) == ["-", "-", "address", "city"])
    }

    @Test func aBusinessHasFieldsOfItsOwn() {
        let custom = ["shoe_size": "Shoe size", "area": "Area / ward", "_": "", "Bad Key": "Phone"]
        #expect(
            targets(["Phone", "SHOE SIZE", "area", "", "Area-Ward"], custom: custom)
                == ["phone", "custom.shoe_size", "custom.area", "-", "-"])
        // A field that has a column of its full name is looked for under no other.
        #expect(
            targets(["Phone", "SHOE SIZE", "area", "custom.shoe_size", "Area-Ward"], custom: custom)
                == ["phone", "-", "custom.area", "custom.shoe_size", "-"])
        #expect(
            targets(
                ["City", "custom.city", "custom.a_b", "custom.ab"], custom: ["city": "City", "a_b": "B", "ab": "B"])
                == ["city", "custom.city", "custom.a_b", "custom.ab"])
        #expect(targets(["City"], custom: ["city": "City"]) == ["custom.city"])
    }

    @Test func aWhatsAppIDIsANumberUnlessItIsAUsers() {
        #expect(targets(["WhatsApp ID", "whatsapp_user_id"]) == ["phone", "whatsapp_id"])
    }

    @Test func whatAColumnIsAboutIsSpelledOneWay() {
        for target in ImportTarget.common + [.custom("shoe_size")] {
            #expect(ImportTarget(rawValue: target.rawValue) == target)
        }
        for text in [
            "", "Name", "custom", "custom.", "custom.A", "custom.a b", "custom.\(String(repeating: "a", count: 65))",
            "id",
        ] {
            #expect(ImportTarget(rawValue: text) == nil)
        }
    }

    @Test func aPersonPutsItRight() throws {
        let header = ["a", "b\u{7}", "c"]
        let mapping = try ImportMapping(header, targets: [.phone, nil, .phone])
        #expect(mapping.columns.map(\.name) == ["a", "b", "c"])
        #expect(mapping.ignoredColumns == ["b"])
        let wrong: [([ImportTarget?], String)] = [
            ([.phone, nil], "csv_columns_differ"), ([.phone, nil, nil, nil], "csv_columns_differ"),
            ([.city, .name, .city], "csv_repeated_column"),
            ([.custom("a"), .name, .custom("a")], "csv_repeated_column"),
            ([.city, nil, nil], "csv_missing_columns"), ([nil, nil, nil], "csv_missing_columns"),
        ]
        for (targets, code) in wrong {
            do throws(CustomerImportError) {
                _ = try ImportMapping(header, targets: targets)
                Issue.record("\(targets) was taken")
            } catch {
                guard case .unusable(code, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }

    @Test func aFileWithoutAColumnThatIdentifiesIsOfNoUse() {
        #expect(throws: CustomerImportError.self) { try ImportMapping(guessing: ["shoe", "hat", "City"]).check() }
        #expect(throws: CustomerImportError.self) { try ImportMapping(guessing: []).check() }
        #expect(throws: Never.self) { try ImportMapping(guessing: ["First Name"]).check() }
        let many = ImportMapping(guessing: (0..<200).map { "column \($0)" })
        #expect(many.ignoredColumns.count == 50)
    }
}

@Suite struct ImportRecordTests {
    private func record(_ cells: KeyValuePairs<ImportTarget, String>) throws -> ImportRecord {
        let mapping = try ImportMapping(cells.map(\.key.rawValue), targets: cells.map(\.key))
        return try ImportRecord(cells.map(\.value), mapping)
    }

    private func refusal(_ cells: KeyValuePairs<ImportTarget, String>) -> String? {
        do {
            _ = try record(cells)
            return nil
        } catch { return (error as? FieldError)?.code }
    }

    @Test(arguments: ["9.19877E+11", "9,19877E+11", "9.19877e11", "9E+09", " 9.19877E+11 "])
    func aNumberThatASpreadsheetHasShortenedIsRefused(_ text: String) throws {
        #expect(refusal([.name: "Asha", .phone: text]) == "phone_in_scientific_notation")
        let kept = try record([.name: "Asha", .phone: "9000000001", .otherPhones: text])
        #expect(kept.problems.map(\.code) == ["phone_in_scientific_notation"])
        #expect(kept.phones.map(\.e164) == ["+919000000001"])
    }

    @Test(arguments: [
        "9000000001", "'9000000001", "'+91 90000 00001", "=\"9000000001\"", "9000000001.0", "919000000001.00",
        "9000000001 ::: 9000000001",
        "9000000001, ", "-, 9000000001", "90000-00001/",
    ])
    func whatProgramsDoToANumberIsTakenBack(_ text: String) throws {
        let read = try record([.phone: text])
        #expect(read.phones.map(\.e164) == ["+919000000001"])
    }

    @Test func aNumberOfNineDigitsIsNotMendedByTheZeroOfAFraction() {
        #expect(refusal([.phone: "900000000.0"]) == "invalid_phone")
        #expect(refusal([.phone: "900000000.00"]) == "invalid_phone")
    }

    @Test func whatIdentifiesMustBeRight() throws {
        #expect(refusal([.name: "Asha", .phone: "12345"]) == "invalid_phone")
        #expect(refusal([.name: "Asha", .phone: "12345", .otherPhones: "9000000001"]) == "invalid_phone")
        #expect(refusal([.phone: "9000000001", .email: "asha@"]) == "invalid_email")
        #expect(refusal([.name: "\u{0}", .phone: "9000000001"]) == "forbidden_character")
        #expect(refusal([.name: String(repeating: "x", count: 201)]) == "too_long")
        #expect(refusal([.name: " ", .phone: "-", .email: "N/A", .city: "Pune"]) == "required")
    }

    @Test func ofSeveralAlikeTheFirstThatIsRightCounts() throws {
        let mapping = try ImportMapping(["a", "b", "c"], targets: [.phone, .phone, .email])
        let read = try ImportRecord(["0261 234 5678", "9000000001 / 9000000002", "a@; b@x.in, c@x.in"], mapping)
        #expect(read.phones.map(\.e164) == ["+919000000001", "+919000000002"])
        #expect(read.emails.map(\.address) == ["b@x.in", "c@x.in"])
        #expect(read.problems.map(\.code) == ["invalid_phone", "invalid_email"])
    }

    @Test func anythingElseThatIsWrongIsLeftOutAndTold() throws {
        let read = try record([
            .phone: "9000000001", .otherPhones: "12", .otherEmails: "x@", .pinCode: "12", .gstin: "x",
            .birthday: "tomorrow",
            .anniversary: "31/02/2001", .city: "\u{1}", .tags: "ok, \(String(repeating: "x", count: 65))",
            .notes: String(repeating: "x", count: 10_001), .address: String(repeating: "x", count: 1_001),
            .custom("size"): "\u{2}",
        ])
        #expect(read.phones.map(\.e164) == ["+919000000001"])
        #expect(read.tags == ["ok"])
        #expect(
            read.problems.map { "\($0.pointer) \($0.code)" } == [
                "/other_phones invalid_phone", "/other_emails invalid_email", "/address too_long",
                "/city forbidden_character",
                "/pin_code invalid_pin_code", "/gstin invalid_gstin", "/birthday invalid_date",
                "/anniversary invalid_date",
                "/tags too_long", "/notes too_long", "/custom/size forbidden_character",
            ])
    }

    @Test func everyPartIsRead() throws {
        let read = try record([
            .firstName: "Asha", .lastName: "Rao", .middleName: "Devi", .organisation: "Rao & Sons",
            .phone: "9000000001",
            .address: "12, Old Road", .city: "Surat", .state: "Gujarat", .pinCode: "395 001.0", .birthday: "23/4/90",
            .language: "gu", .source: "Fair", .stage: "active", .tags: "silk;vip|new,silk ::: * starred ::: old",
            .notes: "a\nb",
            .custom("size"): " 7 ",
        ])
        #expect(read.name == "Asha Devi Rao")
        #expect(
            [read.organisation, read.address, read.city, read.state] == [
                "Rao & Sons", "12, Old Road", "Surat", "Gujarat",
            ])
        #expect(read.birthday?.description == "1990-04-23")
        #expect([read.language, read.source, read.stage, read.notes] == ["gu", "Fair", "active", "a\nb"])
        #expect(read.tags == ["silk", "vip", "new", "old"])
        #expect(read.custom == ["size": "7"])
        #expect(read.problems.map(\.code) == ["invalid_pin_code"])
    }

    @Test func tagsInQuotationMarksStandAsTheyAre() throws {
        func tags(_ text: String) throws -> [String] { try record([.name: "Asha", .tags: text]).tags }
        #expect(try tags("\"a,b\";\"c;d|e\", f") == ["a,b", "c;d|e", "f"])
        #expect(
            try tags("\"say \"\"yes\"\"\";\"* starred\";\"starred\";starred;\"x ::: y\"")
                == ["say \"yes\"", "* starred", "starred", "x ::: y"])
        // What does not end as it has begun is letters.
        #expect(
            try tags("\"Raj\" tailors;5\" pipe,\"open;b") == ["\"Raj\" tailors", "5\" pipe", "\"open", "b"])
        #expect(try tags("\"\",;\"  \";") == [])
    }

    @Test func anApostropheIsTakenOffWhereAnExportHasPutIt() throws {
        for (text, expected) in [
            ("'=1", "=1"), ("''=1", "'=1"), ("'''@x", "''@x"), ("'Asha", "'Asha"), ("''", "''"),
            ("'=\"01\"", "=\"01\""), ("=\"01\"", "01"), ("'＝x", "＝x"), ("'+\u{301}x", "+\u{301}x"),
            ("'\u{301}=x", "'\u{301}=x"),
        ] {
            #expect(try record([.name: text]).name == expected)
        }
    }

    /// A number of the household is nobody's first one where the file says so, as our own does.
    @Test func furtherNumbersStayFurtherOnesWhereTheFileSaysSo() throws {
        func read(_ header: [String], _ row: [String]) throws -> ImportRecord {
            try ImportRecord(row, ImportMapping(guessing: header))
        }
        let ours = ["name", "phone", "other_phones", "email", "other_emails"]
        let child = try read(ours, ["Child", "", "9000000001;9000000002", "", "a@x.in"])
        #expect(child.phone == nil && child.phones.count == 2 && child.email == nil && child.emails.count == 1)
        let both = try read(ours, ["Both", "9000000001", "9000000001;9000000002", "a@x.in", "a@x.in"])
        #expect(both.phone?.e164 == "+919000000001" && both.otherPhones.count == 2 && both.otherEmails.count == 1)
        let nobody = try read(ours, ["", "", "9000000001;9000000002", "", ""])
        #expect(nobody.phone?.e164 == "+919000000001" && nobody.otherPhones.count == 1)
        let others = try read(["Name", "Home Phone", "Home Email"], ["Child", "9000000001", "a@x.in"])
        #expect(others.phone?.e164 == "+919000000001" && others.email?.address == "a@x.in")
    }

    @Test func whoeverIsKnownByWhatsAppAloneIsACustomer() throws {
        #expect(try record([.whatsAppID: "IN.42"]).whatsAppID == "IN.42")
        #expect(refusal([.whatsAppID: "two words"]) == "required")
        #expect(try record([.name: "Asha", .whatsAppID: "two words"]).problems.map(\.code) == ["invalid_value"])
    }

    @Test(arguments: [
        ("91", "9000000001", "+919000000001"), ("+91", "09000000001", "+919000000001"),
        ("IN", "9000000001", "+919000000001"),
        ("0091", "919000000001", "+919000000001"), ("44", "07700 900123", "+447700900123"),
        ("44", "447700900123", "+447700900123"),
        ("+1", "(202) 555-0123", "+12025550123"), ("1", "12025550123", "+12025550123"),
        ("65", "6591234567", "+6591234567"),
        ("65", "65912345", "+6565912345"), ("971", "+919000000001", "+919000000001"),
        ("44", "00919000000001", "+919000000001"),
        ("", "9000000001", "+919000000001"), ("-", "9000000001", "+919000000001"),
        ("US", "+12025550123", "+12025550123"),
    ])
    func aCountryCodeIsPutBeforeTheNumber(_ code: String, _ text: String, _ expected: String) throws {
        #expect(try record([.countryCode: code, .phone: text]).phones.map(\.e164) == [expected])
    }

    @Test func aCountryThatIsNotKnownMakesNoNumber() {
        #expect(refusal([.countryCode: "US", .phone: "9000000001"]) == "invalid_country_code")
        #expect(refusal([.countryCode: "12345", .phone: "9000000001"]) == "invalid_country_code")
    }

    @Test func aRowWithMoreCellsThanTheHeaderIsRefused() throws {
        let mapping = ImportMapping(guessing: ["name", "phone"])
        #expect(try ImportRecord(["Asha", "", "", ""], mapping).name == "Asha")
        #expect(try ImportRecord(["Asha"], mapping).name == "Asha")
        #expect(throws: FieldError.self) { try ImportRecord(["Asha", "", "", "x"], mapping) }
    }

    @Test func whatThereMayBeManyOfIsBounded() throws {
        let phones = (0..<30).map { "90000000\($0 + 10)" }.joined(separator: " ::: ")
        let read = try record([
            .phone: phones, .otherEmails: (0..<30).map { "a\($0)@x.in" }.joined(separator: ","),
            .tags: (0..<60).map(String.init).joined(separator: ","),
        ])
        #expect(read.phones.count == 11 && read.emails.count == 10 && read.tags.count == 50)
        #expect(read.problems.count == ImportRecord.maximumProblems)
        let wrong = try record([.name: "Asha", .otherPhones: String(repeating: "1,", count: 30_000)])
        #expect(wrong.problems.count == 1)
        let tooMany = try record([.phone: (0..<30).map { "90000000\($0 + 10)" }.joined(separator: ",")])
        #expect(tooMany.problems.map(\.code) == ["too_many"])
    }
}
