// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

@Suite struct ImportChoiceTests {
    private func bring(
        _ content: [UInt8], _ acme: TestTenant, _ query: String = "", type: String = "text/csv"
    ) async throws -> [String: Any] {
        let begun = try await acme.api.request(
            "POST", "/v1/customers/import" + query, token: acme.token, headers: [("Content-Type", type)], body: content)
        #expect(begun.status == 202, "\(begun.text)")
        return try await end(of: try #require(begun.header("Location")), acme)
    }

    private func end(of location: String, _ acme: TestTenant) async throws -> [String: Any] {
        for _ in 0..<1_000 {
            let status = try await acme.get(location).object
            if ["completed", "failed", "undone"].contains(status["state"] as? String) { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestAPI.Unexpected(what: "the import did not end")
    }

    private func again(_ id: Any?, _ body: [String: Any], _ acme: TestTenant) async throws -> [String: Any] {
        let begun = try await acme.post("/v1/customer-imports/\(try #require(id as? String))/run", body)
        #expect(begun.status == 202, "\(begun.text)")
        return try await end(of: try #require(begun.header("Location")), acme)
    }

    private func undo(_ id: Any?, _ acme: TestTenant) async throws -> [String: Any] {
        let path = "/v1/customer-imports/\(try #require(id as? String))"
        #expect(try await acme.api.request("POST", path + "/undo", token: acme.token).status == 202)
        return try await end(of: path, acme)
    }

    private func data(_ path: String, _ acme: TestTenant) async throws -> [[String: Any]] {
        try await acme.get(path).object["data"] as? [[String: Any]] ?? []
    }

    private func sample(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: Contract.repository + "/Tests/CRMTests/Samples/" + name)))
    }

    @Test func aDryRunTellsWhatWouldBeAndDoesNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let known = try await acme.makeCustomer(["name": "Old name", "phone": "9812345678"])
            let file = Array("name,phone,city\nAsha,9812345678,Pune\nRavi,9812345679,\nWrong,12,\n".utf8)
            let trial = try await bring(file, acme, "?dry_run=true")

            #expect(trial["dry_run"] as? Bool == true)
            #expect(
                trial["rows_created"] as? Int == 1 && trial["rows_updated"] as? Int == 1
                    && trial["rows_rejected"] as? Int == 1)
            #expect(try await data("/v1/customers", acme).count == 1)
            #expect(try await acme.get("/v1/customers/\(known)").object["name"] as? String == "Old name")
            let path = "/v1/customer-imports/\(trial["id"] as? String ?? "")"
            #expect(
                try await data(path + "/rows", acme).map { $0["verdict"] as? String } == [
                    "updated", "created", "rejected",
                ])
            #expect(
                try await api.request("POST", path + "/undo", token: acme.token).problemCode
                    == "customer_import_not_undoable")

            let real = try await again(trial["id"], [:], acme)
            #expect(real["source_id"] as? String == trial["id"] as? String && real["dry_run"] as? Bool == false)
            #expect(try await data("/v1/customers", acme).count == 2)
            #expect(try await acme.get("/v1/customers/\(known)").object["city"] as? String == "Pune")
            // Who has worked through it in earnest has let go of it.
            #expect(try await acme.post(path + "/run", [:] as [String: String]).problemCode == "customer_file_gone")
        }
    }

    @Test func columnsThatAreGuessedWrongArePutRight() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            _ = try await acme.post("/v1/customer-fields", ["key": "size", "label": "Size", "kind": "number"])
            let file = Array("Name,Telefon,Groesse,Size\nAsha,9812345678,x,38.5\nRavi,9812345679,y,wide\n".utf8)
            let trial = try await bring(file, acme, "?dry_run=true")
            let columns = trial["columns"] as? [[String: String]]
            #expect(columns?.map { $0["target"] } == ["name", nil, nil, "custom.size"])
            #expect(trial["ignored_columns"] as? [String] == ["Telefon", "Groesse"])

            let path = "/v1/customer-imports/\(trial["id"] as? String ?? "")/run"
            for (columns, status) in [
                (["name"], 422), (["name", "phone", "name", NSNull()], 422),
                (["name", "shoe", NSNull(), NSNull()], 422), ([NSNull(), NSNull(), "notes", NSNull()], 422),
            ] as [([Any], Int)] {
                #expect(try await acme.post(path, ["columns": columns]).status == status)
            }
            let real = try await again(trial["id"], ["columns": ["name", "phone", "notes", "custom.size"]], acme)
            #expect(real["rows_created"] as? Int == 2)
            let asha = try await data("/v1/customers?filter[phone]=9812345678&expand=details", acme).first
            #expect(asha?["custom_fields"] as? NSDictionary == ["size": 38.5] && asha?["notes"] as? String == "x")
            let ravi = try await data("/v1/customer-imports/\(real["id"] as? String ?? "")/rows", acme).last
            #expect(ravi?["verdict"] as? String == "created" && ravi?["code"] as? String == "left_out")
        }
    }

    @Test(arguments: [
        ("update", ["created", "updated"], "New name"), ("skip", ["created", "skipped"], "Old name"),
        ("create", ["created", "rejected"], "Old name"),
    ])
    func aPolicySaysWhatBecomesOfWhoIsThereAlready(_ policy: String, _ verdicts: [String], _ name: String) async throws
    {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let known = try await acme.makeCustomer(["name": "Old name", "phone": "9812345678"])
            let file = Array("name,phone\nSomebody,9812345679\nNew name,9812345678\n".utf8)
            let done = try await bring(file, acme, "?policy=\(policy)")
            let rows = try await data("/v1/customer-imports/\(done["id"] as? String ?? "")/rows", acme)
            #expect(rows.map { $0["verdict"] as? String } == verdicts)
            #expect(try await acme.get("/v1/customers/\(known)").object["name"] as? String == name)
        }
    }

    @Test func aWholeImportIsUndone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let known = try await acme.makeCustomer(["name": "Old name", "phone": "9812345678", "tags": ["old"]])
            let people = (0..<1_203).map { "Customer \($0),\(7_000_000_000 + $0)," }.joined(separator: "\n")
            let file = "name,phone,tags\nNew name,9812345678,new\n" + people + "\nAgain,7000000001,x\n"
            let done = try await bring(Array(file.utf8), acme)
            #expect(done["rows_created"] as? Int == 1_203 && done["rows_updated"] as? Int == 2)
            let touched = try await data("/v1/customers?filter[phone]=7000000007", acme).first?["id"] as? String ?? ""
            _ = try await acme.patch("/v1/customers/\(touched)", ["city": "Pune"], ifMatch: "*")
            let operation = "/v1/customer-operations/cop_\((done["id"] as? String ?? "").dropFirst(4))"
            #expect(try await acme.get(operation).object["customers"] as? Int == 1_205)
            #expect(
                try await api.request("POST", operation + "/undo", token: acme.token).problemCode
                    == "customer_operation_is_import")

            let undone = try await undo(done["id"], acme)
            #expect(undone["customers_kept"] as? Int == 1, "\(undone)")
            #expect(undone["customers_undone"] as? Int == 1_203)
            let left = try await data("/v1/customers?limit=100", acme)
            #expect(Set(left.compactMap { $0["id"] as? String }) == [known, touched])
            let old = try await acme.get("/v1/customers/\(known)").object
            #expect(old["name"] as? String == "Old name" && old["tags"] as? [String] == ["old"])
            // Again does nothing more.
            #expect(try await undo(done["id"], acme)["customers_undone"] as? Int == 1_203)
            #expect(try await data("/v1/customers?limit=100", acme).count == 2)
        }
    }

    @Test func whoHasSomethingWrittenOfThemStays() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let people = (0..<9).map { "C\($0),\(7_000_000_000 + $0)" }.joined(separator: "\n")
            let done = try await bring(Array(("name,phone\n" + people).utf8), acme)
            let ids = try await data("/v1/customers?sort=name", acme).compactMap { $0["id"] as? String }
            let written: [(String, [String: Any])] = [
                ("interactions", ["kind": "note", "body": "x"]),
                ("ledger-entries", ["kind": "given", "amount_paise": 100]), ("consents", acme.withdrawn()),
                ("do-not-contact", ["reason": "asked"]),
            ]
            for (id, (what, body)) in zip(ids, written) {
                let reply = try await acme.post("/v1/customers/\(id)/\(what)", body)
                #expect(reply.status == 201, "\(what): \(reply.text)")
            }
            let task = try await acme.post(
                "/v1/follow-ups", ["title": "x", "due_at": "2027-01-01T00:00:00Z", "customer_id": ids[4]])
            #expect(task.status == 201, "\(task.text)")
            let merged = try await acme.post("/v1/customers/\(ids[5])/merge", ["customer_id": ids[6]])
            #expect(merged.status == 200)

            let undone = try await undo(done["id"], acme)
            #expect(undone["customers_undone"] as? Int == 2 && undone["customers_kept"] as? Int == 6, "\(undone)")
            let left = try await data("/v1/customers?sort=name", acme).compactMap { $0["id"] as? String }
            #expect(left == Array(ids.prefix(6)))
            #expect(try await data("/v1/customers/deleted", acme).isEmpty)
        }
    }

    @Test func whatStoppedHalfWayIsUndone() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), file = Array("name,phone\nAsha,9812345678\n".utf8)
            let failed = try await bring(file, acme), left = try await bring(file, acme)
            func become(_ state: String, _ id: Any?, _ more: String = "") throws {
                let hex = (id as? String ?? "").dropFirst(4)
                try api.database.run(
                    as: "unnati_owner",
                    """
                    UPDATE app.customer_imports SET state = '\(state)', updated_at = now() - interval '1 hour' \(more)
                    WHERE id = '\(hex)'
                    """)
            }
            // Of one that failed, what it did get done.
            try become("failed", failed["id"], ", failure_code = 'import_failed', failure = 'x'")
            #expect(try await undo(failed["id"], acme)["state"] as? String == "undone")
            #expect(try await data("/v1/customers", acme).isEmpty)
            // Of an undoing that nobody is at any more: it may be asked for again.
            try become("undoing", left["id"])
            let path = "/v1/customer-imports/\(left["id"] as? String ?? "")"
            #expect(try await acme.get(path).object["state"] as? String == "completed")
            try become("undoing", left["id"])
            #expect(try await undo(left["id"], acme)["state"] as? String == "undone")
        }
    }

    @Test func bytesThatNoTextHoldsEndNoImport() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let file = "na\u{0}me,phone\nA\u{0}sha,9812345678\nRavi,98\u{0}12345679\nGood,9812345670\n"
            let done = try await bring(Array(file.utf8), acme)
            #expect(done["state"] as? String == "completed" && done["rows_created"] as? Int == 1, "\(done)")
            let path = "/v1/customer-imports/\(done["id"] as? String ?? "")/rejected"
            #expect(try await acme.get(path).text.contains("Asha,9812345678"))
            // They are not kept for good.
            try api.database.run(
                as: "unnati_owner", "UPDATE app.customer_imports SET updated_at = now() - interval '31 days'")
            _ = try api.doWhatIsDue()
            let later = try await acme.get(path)
            #expect(later.status == 200 && !later.text.contains("9812345678"), "\(later.text)")
        }
    }

    @Test func rejectedRowsComeBackAsAFileToBePutRight() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let file = "Name;Mobile;Remark\nAsha;9812345678;=1+1\nWrong;12;\"a;b\"\nFormula;+9;=cmd|' /C calc'!A0\n"
            let done = try await bring(Array(file.utf8), acme)
            let path = "/v1/customer-imports/\(done["id"] as? String ?? "")/rejected"
            let rejected = try await acme.get(path)

            #expect(rejected.header("Content-Type") == "text/csv; charset=utf-8")
            let lines = rejected.text.split(whereSeparator: \.isNewline).map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0].hasSuffix("Name,Mobile,Remark,row,what is wrong"))
            #expect(lines[1].hasPrefix("Wrong,12,a;b,3,"))
            #expect(lines[2].contains("'=cmd") && lines[2].contains("'+9"))
            let right = rejected.text.replacing("Wrong,12", with: "Right,9812345670").replacing(
                "'+9", with: "9812345671")
            let second = try await bring(Array(right.utf8), acme)
            #expect(second["rows_created"] as? Int == 2 && second["rows_rejected"] as? Int == 0)
        }
    }

    @Test(arguments: [
        ("google-contacts-old.csv", "text/csv"), ("google-contacts-new.csv", "text/csv"), ("outlook.csv", "text/csv"),
        ("wati.csv", "text/csv"), ("excel-utf16.csv", "text/csv"), ("excel-latin1.csv", "text/csv"),
        ("khatabook.csv", "text/csv"), ("android.vcf", "text/vcard"), ("iphone.vcf", "text/vcard"),
        ("vcard4.vcf", "text/x-vcard"),
    ])
    func filesAsOtherProgramsWriteThemComeInTwiceAsOnce(_ name: String, _ type: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let first = try await bring(try sample(name), acme, type: type)
            let count = try await data("/v1/customers?limit=100", acme).count
            let second = try await bring(try sample(name), acme, type: type)

            #expect(first["rows_created"] as? Int == count && count >= 3, "\(first)")
            // Who has a number or an address is found again; only who has neither comes twice.
            let again = try await data("/v1/customers?limit=100", acme)
            let nameless = again.filter { $0["phone"] == nil && $0["email"] == nil }
            #expect(again.count == count + nameless.count / 2)
            #expect(first["rows_rejected"] as? Int == second["rows_rejected"] as? Int)
        }
    }

    @Test func aFileWhoseEncodingWasTakenForAnotherIsReadAgain() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            // Latin-1, in so many lines that nothing but ASCII comes first.
            let file = Array("name,phone\nZo".utf8) + [0xEB] + Array(",9812345678\n".utf8)
            let trial = try await bring(file, acme, "?dry_run=true&encoding=utf-8")
            #expect(trial["rows_rejected"] as? Int == 1)
            let real = try await again(trial["id"], ["encoding": "windows-1252"], acme)
            #expect(real["encoding"] as? String == "windows-1252" && real["rows_created"] as? Int == 1)
            #expect(try await data("/v1/customers", acme).first?["name"] as? String == "Zoë")
        }
    }

    @Test func theFileOfADryRunIsKeptForADay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let trial = try await bring(Array("name\nAsha\n".utf8), acme, "?dry_run=true")
            _ = try api.doWhatIsDue()
            #expect(try await again(trial["id"], ["dry_run": true], acme)["rows_created"] as? Int == 1)
            try api.database.run(
                as: "unnati_owner", "UPDATE app.customer_imports SET updated_at = now() - interval '25 hours'")
            _ = try api.doWhatIsDue()
            let path = "/v1/customer-imports/\(trial["id"] as? String ?? "")/run"
            #expect(try await acme.post(path, [:] as [String: String]).problemCode == "customer_file_gone")
        }
    }

    /// Of a file that is tried while it is worked through in earnest nothing is left either.
    @Test func noFileIsKeptThatWasTakenIn() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let people = (0..<20_000).map { "C\($0),\(7_000_000_000 + $0)" }.joined(separator: "\n")
            let begun = try await api.request(
                "POST", "/v1/customers/import", token: acme.token, headers: [("Content-Type", "text/csv")],
                body: Array(("name,phone\n" + people).utf8))
            let id = try #require(begun.object["id"] as? String)
            let tried = try await again(id, ["dry_run": true], acme)
            #expect(tried["state"] as? String == "completed", "\(tried)")
            #expect(try await end(of: "/v1/customer-imports/\(id)", acme)["rows_created"] as? Int == 20_000)
            #expect(try api.database.run(as: "postgres", "SELECT count(*) FROM app.customer_import_parts") == [["0"]])
        }
    }

    @Test func twoImportsOfOneFileAtOnceMakeEachCustomerOnce() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let file = Array(
                ("name,phone\n" + (0..<3_000).map { "C\($0),\(7_000_000_000 + $0)" }.joined(separator: "\n")).utf8)
            async let one = bring(file, acme), other = bring(file, acme)
            let ends = try await [one, other]
            #expect(ends.allSatisfy { $0["state"] as? String == "completed" && $0["rows_done"] as? Int == 3_000 })
            #expect(
                try api.database.run(as: "postgres", "SELECT count(*), count(DISTINCT phone) FROM app.customers") == [
                    ["3000", "3000"]
                ])
        }
    }

    @Test func whatCannotBeBroughtIsSaid() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant()
            func ask(_ query: String, type: String = "text/csv", _ body: String = "name\nA\n") async throws
                -> RawClient.Reply
            {
                try await api.request(
                    "POST", "/v1/customers/import" + query, token: acme.token, headers: [("Content-Type", type)],
                    body: Array(body.utf8))
            }
            for query in ["?dry_run=1", "?policy=replace", "?encoding=ebcdic", "?separator=,", "?columns=name"] {
                #expect(try await ask(query).problemCode == "invalid_query", "\(query)")
            }
            #expect(try await ask("", type: "application/vnd.ms-excel").status == 415)
            let workbook = try await ask("", "PK\u{3}\u{4}rest")
            #expect((workbook.object["errors"] as? [[String: Any]])?.first?["code"] as? String == "file_is_a_workbook")
            let mine = try await bring(Array("name\nA\n".utf8), acme)["id"] as? String ?? ""
            for action in ["run", "undo"] {
                let body = action == "run" ? Array("{}".utf8) : nil
                let headers = body == nil ? [] : [("Content-Type", "application/json")]
                #expect(
                    try await api.request(
                        "POST", "/v1/customer-imports/\(mine)/\(action)", token: other.token, headers: headers,
                        body: body
                    ).status == 404)
            }
            #expect(try await other.get("/v1/customer-imports/\(mine)/rejected").status == 404)
        }
    }
}
