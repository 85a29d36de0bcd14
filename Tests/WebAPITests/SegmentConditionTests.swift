// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// Every kind of condition, with customers of whom it holds and others.
@Suite struct SegmentConditionTests {
    private func day(_ days: Int) -> Date { Date(timeIntervalSinceNow: Double(days) * 86_400) }

    private func time(_ days: Int) -> String { day(days).ISO8601Format() }

    /// A day of any year, in India.
    private func yearDay(_ days: Int) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 19_800) ?? .gmt
        let parts = calendar.dateComponents([.month, .day], from: day(days))
        return String(format: "--%02d-%02d", parts.month ?? 1, parts.day ?? 1)
    }

    @Test func byWhatStandsInTheirFields() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), ravi = try await acme.colleague(.staff)
            let asha: [String: Any] = [
                "name": "Asha", "phone": "9812345678", "stage": "active", "tags": ["silk", "vip"], "language": "hi",
                "source": "Walk-in", "city": "Pune", "pin_code": "411038", "birthday": yearDay(3),
                "anniversary": "1992" + yearDay(10).dropFirst(1), "owner_id": ravi.userID.description,
            ]
            let bina: [String: Any] = [
                "name": "Bina", "email": "bina@example.in", "whatsapp_id": "wa.1", "tags": ["cotton"],
                "language": "gu", "city": "Surat", "pin_code": "395003", "birthday": yearDay(-2),
            ]
            for fields in [asha, bina, ["name": "Chitra", "stage": "dormant"]] {
                _ = try await acme.makeCustomer(fields)
            }
            let cases: [(String, String, Any?, [String])] = [
                ("stage", "is", "active", ["Asha"]), ("stage", "in", ["lead", "dormant", "lead"], ["Chitra", "Bina"]),
                ("tags", "has", "silk", ["Asha"]), ("tags", "has_any", ["cotton", "vip"], ["Bina", "Asha"]),
                ("tags", "has_none", ["silk", "linen"], ["Chitra", "Bina"]), ("tags", "has", "Silk", []),
                ("owner_id", "is", ravi.userID.description, ["Asha"]), ("owner_id", "none", nil, ["Chitra", "Bina"]),
                ("owner_id", "is", acme.userID.description, []), ("source", "is", "Walk-in", ["Asha"]),
                ("language", "is", "hi", ["Asha"]), ("language", "in", ["gu", "hi"], ["Bina", "Asha"]),
                ("city", "is", "Surat", ["Bina"]), ("pin_code", "is", "411038", ["Asha"]),
                ("pin_code", "begins", "41", ["Asha"]), ("pin_code", "begins", "4", ["Asha"]),
                ("pin_code", "begins", "395003", ["Bina"]), ("phone", "is_set", true, ["Asha"]),
                ("phone", "is_set", false, ["Chitra", "Bina"]), ("email", "is_set", true, ["Bina"]),
                ("whatsapp_id", "is_set", true, ["Bina"]), ("birthday", "within_next_days", 3, ["Asha"]),
                ("birthday", "within_next_days", 2, []), ("birthday", "within_next_days", 364, ["Bina", "Asha"]),
                ("birthday", "within_next_days", 360, ["Asha"]), ("anniversary", "within_next_days", 10, ["Asha"]),
                ("anniversary", "within_next_days", 9, []),
            ]
            for (field, op, value, names) in cases {
                let found = try await acme.members([acme.condition(field, op, value)])
                #expect(found == names, "\(field) \(op) \(value ?? "")")
            }
            // Together they are all to hold.
            let both = [acme.condition("tags", "has_any", ["silk", "cotton"]), acme.condition("city", "is", "Pune")]
            #expect(try await acme.members(both) == ["Asha"])
            #expect(try await acme.members(both + [acme.condition("email", "is_set", true)]) == [])
            #expect(try await acme.members([]) == ["Chitra", "Bina", "Asha"])
        }
    }

    @Test func byTimes() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for (name, created, updated) in [("Old", -400, -40), ("Some", -40, -4), ("New", -4, 0)] {
                let id = try await acme.makeCustomer(["name": name])
                try api.database.run(
                    as: "unnati_owner",
                    """
                    UPDATE app.customers SET created_at = '\(time(created))', updated_at = '\(time(updated))'
                    WHERE id = '\(id.dropFirst(4))'
                    """)
            }
            let cases: [(String, String, Any?, [String])] = [
                ("created_at", "before", time(-41), ["Old"]), ("created_at", "after", time(-41), ["New", "Some"]),
                ("created_at", "within_last_days", 39, ["New"]),
                ("created_at", "within_last_days", 401, ["New", "Some", "Old"]),
                ("created_at", "not_within_last_days", 41, ["Old"]), ("updated_at", "before", time(-10), ["Old"]),
                ("updated_at", "after", time(-10), ["New", "Some"]), ("updated_at", "within_last_days", 3, ["New"]),
                ("updated_at", "not_within_last_days", 3, ["Some", "Old"]),
            ]
            for (field, op, value, names) in cases {
                let found = try await acme.members([acme.condition(field, op, value)])
                #expect(found == names, "\(field) \(op) \(value ?? "")")
            }
            // At that very moment is after it.
            let shown = try await acme.get("/v1/customers?filter[name][prefix]=some").object["data"] as? [[String: Any]]
            let created = try #require(shown?.first?["created_at"] as? String)
            #expect(try await acme.members([acme.condition("created_at", "after", created)]) == ["New", "Some"])
            #expect(try await acme.members([acme.condition("created_at", "before", created)]) == ["Old"])
        }
    }

    @Test func byWhatTheyHaveDoneAndPaid() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            let lines: [(String, [[String: Any]])] = [
                (
                    "Regular",
                    [
                        ["kind": "payment", "amount_paise": 70_000, "occurred_at": time(-100)],
                        ["kind": "payment", "amount_paise": 30_000, "occurred_at": time(-5)],
                    ]
                ),
                ("Called", [["kind": "call", "direction": "out", "occurred_at": time(-2)]]),
                (
                    "Refunded",
                    [
                        ["kind": "payment", "amount_paise": 1_000, "occurred_at": time(-50)],
                        ["kind": "payment", "direction": "out", "amount_paise": 3_000, "occurred_at": time(-49)],
                    ]
                ), ("Stranger", []),
            ]
            for (name, interactions) in lines {
                let id = try await acme.makeCustomer(["name": name])
                for interaction in interactions {
                    let reply = try await acme.post("/v1/customers/\(id)/interactions", interaction)
                    #expect(reply.status == 201, "\(reply.text)")
                }
            }
            let cases: [(String, String, Any?, [String])] = [
                ("last_seen_at", "within_last_days", 6, ["Regular"]), ("last_seen_at", "within_last_days", 4, []),
                ("last_seen_at", "not_within_last_days", 6, ["Stranger", "Refunded", "Called"]),
                ("last_seen_at", "never", nil, ["Stranger", "Called"]),
                ("last_interaction_at", "within_last_days", 6, ["Called", "Regular"]),
                ("last_interaction_at", "not_within_last_days", 6, ["Stranger", "Refunded"]),
                ("last_interaction_at", "never", nil, ["Stranger"]),
                ("spent_paise", "at_least", 100_000, ["Regular"]), ("spent_paise", "at_least", 100_001, []),
                ("spent_paise", "at_least", 1, ["Regular"]),
                ("spent_paise", "at_least", 0, ["Stranger", "Called", "Regular"]),
                ("spent_paise", "at_most", 0, ["Stranger", "Refunded", "Called"]),
                ("spent_paise", "at_most", 100_000, ["Stranger", "Refunded", "Called", "Regular"]),
                ("payments", "at_least", 1, ["Refunded", "Regular"]), ("payments", "at_least", 2, ["Regular"]),
                ("payments", "at_most", 1, ["Stranger", "Refunded", "Called"]),
                ("payments", "at_most", 0, ["Stranger", "Called"]),
                ("payments", "at_least", 0, ["Stranger", "Refunded", "Called", "Regular"]),
            ]
            for (field, op, value, names) in cases {
                let found = try await acme.members([acme.condition(field, op, value)])
                #expect(found == names, "\(field) \(op) \(value ?? "")")
            }
        }
    }

    @Test func byWhatTheyHaveSaid() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            var ids: [String: String] = [:]
            for name in ["Yes", "No", "Silent", "Blocked"] { ids[name] = try await acme.makeCustomer(["name": name]) }
            for (name, said) in [
                ("Yes", try await acme.given()), ("No", acme.withdrawn()), ("Blocked", try await acme.given()),
            ] {
                #expect(try await acme.post("/v1/customers/\(ids[name] ?? "")/consents", said).status == 201)
            }
            let block = try await acme.post(
                "/v1/customers/\(ids["Blocked"] ?? "")/do-not-contact", ["reason": "asked", "channel": "sms"])
            #expect(block.status == 201)
            let cases: [(String, String, Any?, [String])] = [
                ("consent.email.marketing", "is", "given", ["Blocked", "Yes"]),
                ("consent.email.marketing", "is", "withdrawn", ["No"]),
                ("consent.email.marketing", "is", "none", ["Silent"]),
                ("consent.email.referral", "is", "none", ["Blocked", "Silent", "No", "Yes"]),
                ("consent.whatsapp.marketing", "is", "given", []), ("do_not_contact", "is_set", true, ["Blocked"]),
                ("do_not_contact", "is_set", false, ["Silent", "No", "Yes"]),
            ]
            for (field, op, value, names) in cases {
                let found = try await acme.members([acme.condition(field, op, value)])
                #expect(found == names, "\(field) \(op) \(value ?? "")")
            }
        }
    }

    @Test func byFieldsOfTheBusinessItself() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for (key, kind) in [
                ("size", "number"), ("fabric", "text"), ("vip", "yes_no"), ("trial", "date"), ("budget", "money"),
                ("shirt", "choice"),
            ] {
                var field: [String: Any] = ["key": key, "label": "F", "kind": kind]
                if kind == "choice" { field["choices"] = ["S", "M"] }
                #expect(try await acme.post("/v1/customer-fields", field).status == 201)
            }
            let asha: [String: Any] = [
                "size": 38.5, "fabric": "Bänarasi silk", "vip": true, "trial": "2026-12-03", "budget": 500_000,
                "shirt": "S",
            ]
            _ = try await acme.makeCustomer(["name": "Asha", "custom_fields": asha])
            _ = try await acme.makeCustomer([
                "name": "Bina", "custom_fields": ["size": 36, "vip": false, "shirt": "M"],
            ])
            _ = try await acme.makeCustomer(["name": "Chitra"])
            let cases: [(String, String, Any?, [String])] = [
                ("size", "is", 38.5, ["Asha"]), ("size", "at_least", 36, ["Bina", "Asha"]),
                ("size", "at_least", 36.0001, ["Asha"]), ("size", "at_most", 38.4999, ["Bina"]),
                ("size", "is_set", true, ["Bina", "Asha"]), ("size", "is_set", false, ["Chitra"]),
                ("fabric", "is", "Bänarasi silk", ["Asha"]), ("fabric", "is", "Banarasi silk", []),
                ("fabric", "begins", "banarasi", ["Asha"]), ("fabric", "is_set", false, ["Chitra", "Bina"]),
                ("vip", "is", true, ["Asha"]), ("vip", "is", false, ["Bina"]),
                ("trial", "at_least", "2026-12-03", ["Asha"]), ("trial", "at_most", "2026-12-02", []),
                ("budget", "at_least", 500_000, ["Asha"]), ("budget", "at_least", 500_001, []),
                ("shirt", "is", "M", ["Bina"]), ("shirt", "begins", "s", ["Asha"]),
            ]
            for (key, op, value, names) in cases {
                let found = try await acme.members([acme.condition("custom." + key, op, value)])
                #expect(found == names, "\(key) \(op) \(value ?? "")")
            }
        }
    }

    /// Of a field that goes nobody is left, and not everybody.
    @Test func whoseFieldWasTakenAwayIsBroken() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            func add(_ kind: String, _ choices: [String]? = nil) async throws -> String {
                var field: [String: Any] = ["key": "shirt", "label": "Shirt", "kind": kind]
                field["choices"] = choices
                let reply = try await acme.post("/v1/customer-fields", field)
                return "/v1/customer-fields/\(try #require(reply.object["id"] as? String, "\(reply.text)"))"
            }
            let first = try await add("choice", ["S", "M"])
            _ = try await acme.makeCustomer(["name": "Asha", "custom_fields": ["shirt": "S"]])
            let conditions = [
                acme.condition("custom.shirt", "is", "S"), acme.condition("custom.shirt", "is_set", true),
            ]
            let id = try await acme.makeSegment("Small", conditions), path = "/v1/segments/\(id)"
            // What can be chosen no more was chosen all the same.
            #expect(try await acme.patch(first, ["choices": ["M", "L"]], ifMatch: "*").status == 200)
            #expect(try await acme.members(of: id) == ["Asha"])
            #expect(try await acme.get(path).object["broken"] == nil)

            #expect(try await acme.delete(first).status == 204)
            let broken = try await acme.get(path)
            #expect(broken.object["broken"] as? [String] == ["custom.shirt"])
            #expect((broken.object["definition"] as? [String: Any])?["all"] as? NSArray == conditions as NSArray)
            #expect(try await acme.members(of: id) == [])
            #expect(try await acme.get(path + "/counts").object["count"] as? Int == 0)
            let listed = try await acme.get("/v1/segments?expand=counts").object["data"] as? [[String: Any]]
            #expect(listed?.first?["count"] as? Int == 0 && listed?.first?["broken"] != nil)
            // It keeps its name and gets another; as it is it could not be saved again.
            #expect(try await acme.patch(path, ["name": "Tiny"], ifMatch: "*").object["broken"] != nil)
            let refused = try await acme.patch(path, ["definition": ["all": conditions]], ifMatch: "*")
            #expect(refused.status == 422, "\(refused.text)")

            // Another field of the key holds something else, and then the same again.
            let second = try await add("number")
            #expect(try await acme.get(path).object["broken"] as? [String] == ["custom.shirt"])
            #expect(try await acme.delete(second).status == 204)
            _ = try await add("choice", ["S", "M"])
            #expect(try await acme.get(path).object["broken"] == nil)
            #expect(try await acme.members(of: id) == [])
            _ = try await acme.makeCustomer(["name": "Bina", "custom_fields": ["shirt": "S"]])
            #expect(try await acme.members(of: id) == ["Bina"])
        }
    }
}
