// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import TestSupport
import Testing

/// Definitions by chance, against what each customer by itself is known to be.
@Suite struct SegmentPropertyTests {
    @Test func aSegmentIsWhoeverItsConditionsHoldOf() async throws {
        try await TestAPI.run({ $0.rates.person = nil }) { api in
            let acme = try await api.makeTenant()
            try await SegmentPopulation.settle(acme)
            let people = try await SegmentPerson.all(of: acme)
            #expect(people.count > 40)
            let id = try await acme.makeSegment("By chance", []), path = "/v1/segments/\(id)"
            var sizes: Set<Int> = []
            for _ in 0..<250 {
                let conditions = (0..<Int.random(in: 1...4)).map { _ in RandomCondition.any(acme) }
                let wanted = people.filter { person in conditions.allSatisfy { person.fulfils($0) } }
                let changed = try await acme.patch(path, ["definition": ["all": conditions]], ifMatch: "*")
                #expect(changed.status == 200, "\(conditions): \(changed.text)")

                let listed = try await acme.get(path + "/customers?limit=100").object["data"] as? [[String: Any]] ?? []
                let counts = try await acme.get(path + "/counts").object
                #expect(listed.compactMap { $0["id"] as? String } == wanted.map(\.id), "\(conditions)")
                #expect(counts["count"] as? Int == wanted.count, "\(conditions)")
                let reachable = counts["reachable"] as? [String: [String: Int]] ?? [:]
                for channel in ["whatsapp", "sms", "email", "call"] {
                    for purpose in ["service", "marketing", "referral"] {
                        let known = wanted.count { $0.isReachable(channel, purpose) }
                        #expect(reachable[channel]?[purpose] == known, "\(channel) \(purpose) of \(conditions)")
                    }
                }
                sizes.insert(wanted.count)
            }
            // Neither all nor nobody, again and again.
            #expect(sizes.count > 10)
        }
    }
}

/// Customers of many kinds, some of whom turned out to be others, and some of whom are gone.
private enum SegmentPopulation {
    static func settle(_ acme: TestTenant) async throws {
        for (key, kind) in [("size", "number"), ("fabric", "text"), ("vip", "yes_no")] {
            _ = try await acme.post("/v1/customer-fields", ["key": key, "label": "F", "kind": kind])
        }
        let items = (0..<60).map { customer($0) }
        let created = try await acme.post("/v1/customers/batch", ["items": items])
        #expect(created.status == 200, "\(created.text)")
        let listed = try await acme.get("/v1/customers?limit=100").object["data"] as? [[String: Any]]
        let ids = listed?.compactMap { $0["id"] as? String } ?? []
        try await live(acme, ids)
        for (index, id) in ids.enumerated() where index % 6 == 5 {
            try acme.merge(id, into: ids[index - 1 - index % 4])
        }
        for id in ids.prefix(7) where Bool.random() { _ = try await acme.delete("/v1/customers/\(id)") }
        // Half a day from every border of a condition.
        try acme.api.database.run(
            as: "unnati_owner",
            """
            UPDATE app.customers
            SET created_at = now() - (floor(random() * 60) + 0.5) * interval '1 day',
                updated_at = now() - (floor(random() * 60) + 0.5) * interval '1 day'
            WHERE tenant_id = '\(acme.id.uuid.hex)'
            """)
    }

    private static func customer(_ number: Int) -> [String: Any] {
        func chance(_ part: Double) -> Bool { Double.random(in: 0..<1) < part }
        var fields: [String: Any] = [
            "name": "C\(number)", "stage": ["lead", "active", "dormant"].randomElement() ?? "",
        ]
        if chance(0.7) { fields["phone"] = "98\(10_000_000 + number)" }
        if chance(0.6) { fields["email"] = "c\(number)@example.in" }
        if chance(0.3) { fields["whatsapp_id"] = "wa.\(number)" }
        fields["tags"] = ["silk", "cotton", "vip"].filter { _ in chance(0.4) }
        if chance(0.6) { fields["city"] = ["Pune", "Surat"].randomElement() }
        if chance(0.6) { fields["language"] = ["hi", "gu", "en"].randomElement() }
        if chance(0.5) { fields["source"] = ["Walk-in", "Friend"].randomElement() }
        if chance(0.6) { fields["pin_code"] = ["411038", "411001", "395003"].randomElement() }
        if chance(0.7) {
            let year = chance(0.5) ? "\(Int.random(in: 1950...2024))" : "-"
            fields["birthday"] = year + (["-01-01", "-02-28", "-06-15", "-11-26", "-12-24"].randomElement() ?? "")
        }
        var custom: [String: Any] = [:]
        if chance(0.6) { custom["size"] = [36, 38.5, 40].randomElement() }
        if chance(0.6) { custom["fabric"] = ["Silk", "silk blend", "Cotton"].randomElement() }
        if chance(0.6) { custom["vip"] = Bool.random() }
        fields["custom_fields"] = custom
        return fields
    }

    /// What they do and say.
    private static func live(_ acme: TestTenant, _ ids: [String]) async throws {
        func time() -> String {
            Date(timeIntervalSinceNow: -86_400 * (Double(Int.random(in: 0..<60)) + 0.5)).ISO8601Format()
        }
        let interactions: [[String: Any]] = ids.flatMap { id in
            (0..<Int.random(in: 0...3)).map { _ in
                let kind = ["payment", "visit", "note", "call", "system"].randomElement() ?? ""
                var line: [String: Any] = ["customer_id": id, "kind": kind, "occurred_at": time(), "body": "x"]
                if kind == "payment" { line["amount_paise"] = Int.random(in: 1...9) * 100 }
                if kind == "payment" || kind == "call" { line["direction"] = Bool.random() ? "in" : "out" }
                return line
            }
        }
        let logged = try await acme.post("/v1/interactions/batch", ["items": interactions])
        #expect(logged.status == 200, "\(logged.text)")
        var notices: [String: String] = [:]
        for purpose in ["service", "marketing", "referral"] { notices[purpose] = try await acme.notice(purpose) }
        var consents: [[String: Any]] = []
        for id in ids {
            for channel in ["whatsapp", "sms", "email", "call"] {
                for purpose in ["service", "marketing", "referral"] where Bool.random() {
                    var said: [String: Any] = [
                        "customer_id": id, "channel": channel, "purpose": purpose, "how": "form", "occurred_at": time(),
                    ]
                    let isYes = Int.random(in: 0..<3) > 0
                    said["event"] = isYes ? "given" : "withdrawn"
                    if isYes { (said["notice_id"], said["language"]) = (notices[purpose], "hi") }
                    consents.append(said)
                }
            }
        }
        for start in stride(from: 0, to: consents.count, by: 500) {
            let part = Array(consents[start...].prefix(500))
            let recorded = try await acme.post("/v1/consents/batch", ["items": part])
            #expect(recorded.status == 200, "\(recorded.text)")
        }
        for id in ids where Int.random(in: 0..<6) == 0 {
            var block: [String: Any] = ["reason": ["asked", "minor", "dispute"].randomElement() ?? ""]
            if Bool.random() { block["channel"] = "sms" }
            #expect(try await acme.post("/v1/customers/\(id)/do-not-contact", block).status == 201)
        }
    }
}

private enum RandomCondition {
    static func any(_ acme: TestTenant) -> [String: Any] {
        func ago() -> String {
            Date(timeIntervalSinceNow: -86_400 * Double(Int.random(in: 0..<60))).ISO8601Format()
        }
        func one(_ texts: String...) -> String { texts.randomElement() ?? "" }
        let days = Int.random(in: 1...50)
        let said = "consent.\(one("whatsapp", "sms", "email", "call")).\(one("service", "marketing", "referral"))"
        let choices: [(String, String, Any?)] = [
            ("stage", "is", one("lead", "active")), ("stage", "in", ["active", "dormant"]),
            ("tags", "has", one("silk", "cotton")), ("tags", "has_any", ["silk", "vip"]),
            ("tags", "has_none", ["vip", "linen"]), ("owner_id", "none", nil),
            ("source", "is", one("Walk-in", "Friend")),
            ("language", "in", ["hi", "gu"]), ("city", "is", one("Pune", "Surat")),
            ("pin_code", "begins", one("4", "41103", "395")), ("pin_code", "is", "411001"),
            ("birthday", "within_next_days", Int.random(in: 0...364)),
            (one("created_at", "updated_at"), "before", ago()),
            (one("created_at", "updated_at"), "after", ago()),
            (one("created_at", "updated_at"), one("within_last_days", "not_within_last_days"), days),
            (one("phone", "email", "whatsapp_id", "do_not_contact"), "is_set", Bool.random()),
            (one("last_seen_at", "last_interaction_at"), one("within_last_days", "not_within_last_days"), days),
            (one("last_seen_at", "last_interaction_at"), "never", nil),
            ("spent_paise", one("at_least", "at_most"), Int.random(in: 0...12) * 100),
            ("payments", one("at_least", "at_most"), Int.random(in: 0...3)),
            (said, "is", one("given", "withdrawn", "none")), (said, "is", one("given", "withdrawn", "none")),
            ("custom.size", one("is", "at_least", "at_most"), [36, 38.5, 39].randomElement()),
            ("custom.fabric", "begins", one("SILK", "silk b")), ("custom.fabric", "is", "Silk"),
            ("custom.vip", "is", Bool.random()), ("custom." + one("size", "fabric", "vip"), "is_set", Bool.random()),
        ]
        let (field, op, value) = choices[Int.random(in: 0..<choices.count)]
        return acme.condition(field, op, value)
    }
}

/// A customer as the API tells of them one by one.
private struct SegmentPerson {
    let id: String
    private let fields: [String: Any], interactions: [[String: Any]], consent: [String: Any]

    /// The newest first.
    static func all(of acme: TestTenant) async throws -> [SegmentPerson] {
        let listed = try await acme.get("/v1/customers?limit=100&expand=details").object["data"] as? [[String: Any]]
        var people: [SegmentPerson] = []
        for fields in listed ?? [] {
            let path = "/v1/customers/\(fields["id"] as? String ?? "")"
            let lines = try await acme.get(path + "/interactions?limit=100").object["data"] as? [[String: Any]]
            people.append(
                SegmentPerson(
                    id: fields["id"] as? String ?? "", fields: fields, interactions: lines ?? [],
                    consent: try await acme.get(path + "/consent").object))
        }
        return people
    }

    /// At some hour of the day.
    func isReachable(_ channel: String, _ purpose: String) -> Bool {
        let said = said(channel, purpose)
        return said?["may_send"] as? Bool == true || said?["reason"] as? String == "outside_hours"
    }

    private func said(_ channel: String, _ purpose: String) -> [String: Any]? {
        (consent["consents"] as? [[String: Any]])?.first {
            $0["channel"] as? String == channel && $0["purpose"] as? String == purpose
        }
    }

    func fulfils(_ condition: [String: Any]) -> Bool {
        let field = condition["field"] as? String ?? "", op = condition["op"] as? String ?? ""
        let value = condition["value"], values = condition["values"] as? [String] ?? []
        let parts = field.split(separator: ".").map(String.init)
        switch parts[0] {
        case "tags":
            let tags = Set(fields["tags"] as? [String] ?? [])
            return op == "has"
                ? tags.contains(value as? String ?? "") : tags.isDisjoint(with: values) == (op == "has_none")
        case "owner_id": return fields["owner_id"] == nil
        case "birthday": return isWithin(value as? Int ?? 0)
        case "created_at", "updated_at", "last_seen_at", "last_interaction_at": return compare(moment(field), op, value)
        case "phone", "email", "whatsapp_id": return (fields[field] != nil) == (value as? Bool)
        case "do_not_contact":
            let isBlocked = (consent["do_not_contact"] as? [Any])?.isEmpty == false
            return isBlocked == (value as? Bool)
        case "spent_paise", "payments":
            let sum = field == "payments" ? payments : spent, bound = value as? Int ?? 0
            return op == "at_least" ? sum >= bound : sum <= bound
        case "consent":
            return said(parts[1], parts[2])?["state"] as? String ?? "none" == value as? String
        case "custom": return isOwn((fields["custom_fields"] as? [String: Any])?[parts[1]], op, value)
        default:
            guard let text = fields[field] as? String else { return false }
            return op == "begins"
                ? text.hasPrefix(value as? String ?? "") : ([value as? String ?? ""] + values).contains(text)
        }
    }

    private func isOwn(_ held: Any?, _ op: String, _ value: Any?) -> Bool {
        if op == "is_set" { return (held != nil) == (value as? Bool) }
        if let text = held as? String {
            let asked = value as? String ?? ""
            return op == "begins" ? text.lowercased().hasPrefix(asked.lowercased()) : text == asked
        }
        guard let held = number(held), let asked = number(value) else { return false }
        return op == "is" ? held == asked : op == "at_least" ? held >= asked : held <= asked
    }

    private func number(_ value: Any?) -> Double? {
        value as? Double ?? (value as? Int).map { Double($0) } ?? (value as? Bool).map { $0 ? 1 : 0 }
    }

    // MARK: - Times

    private func date(_ text: String) -> Date? {
        try? Date(text, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: text.contains(".")))
    }

    /// Of several, the last.
    private func moment(_ field: String) -> Date? {
        switch field {
        case "last_interaction_at", "last_seen_at":
            interactions.filter { line in
                let kind = line["kind"] as? String ?? ""
                if field == "last_interaction_at" { return kind != "system" }
                return line["direction"] as? String == "in" || ["visit", "order"].contains(kind)
            }.compactMap { date($0["occurred_at"] as? String ?? "") }.max()
        default: date(fields[field] as? String ?? "")
        }
    }

    private func compare(_ moment: Date?, _ op: String, _ value: Any?) -> Bool {
        if op == "never" { return moment == nil }
        if let days = value as? Int {
            let isWithin = moment.map { $0 >= Date(timeIntervalSinceNow: -86_400 * Double(days)) } ?? false
            return isWithin == (op == "within_last_days")
        }
        guard let moment, let bound = date(value as? String ?? "") else { return false }
        return op == "before" ? moment < bound : moment >= bound
    }

    /// Day by day, in India; no birthday here is a 29 February.
    private func isWithin(_ days: Int) -> Bool {
        guard let birthday = fields["birthday"] as? String else { return false }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 19_800) ?? .gmt
        return (0...days).contains { days in
            let parts = calendar.dateComponents(
                [.month, .day], from: Date(timeIntervalSinceNow: Double(days) * 86_400))
            return birthday.hasSuffix(String(format: "-%02d-%02d", parts.month ?? 0, parts.day ?? 0))
        }
    }

    // MARK: - Money

    private var spent: Int {
        interactions.filter { $0["kind"] as? String == "payment" }.reduce(0) { sum, line in
            sum + (line["direction"] as? String == "out" ? -1 : 1) * (line["amount_paise"] as? Int ?? 0)
        }
    }

    private var payments: Int {
        interactions.count { $0["kind"] as? String == "payment" && $0["direction"] as? String == "in" }
    }
}
