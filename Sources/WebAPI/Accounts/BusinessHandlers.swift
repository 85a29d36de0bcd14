// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// The business that the caller works in.
struct BusinessHandlers: Sendable {
    let businesses: BusinessService

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/business", operation: "getBusiness", access: .businessRead, get)
        tenant.patch("/v1/business", operation: "updateBusiness", access: .businessWrite, update)
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let business = try await businesses.find(for: context.caller)
        return Response.json(BusinessOutput(business: business)).ofVersion(business.version, to: request)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let expected = try EntityVersion.required(by: request, orElse: BusinessError.changed)
        let change = try request.json(BusinessChange.self)
        let business = try await businesses.update(version: expected.version, for: context.caller) {
            try change.applied(to: $0)
        }
        return Response.json(BusinessOutput(business: business)).ofVersion(business.version)
    }
}

/// `{"id": "ten_…", "name": "Meera Tailors", "trade": "tailor", "hours": [{"day": "monday", "opens": "10:00", "closes": "20:00"}], …}`;
/// what is not known is absent.
struct BusinessOutput: JSONWritable {
    let business: Business

    func write(to json: inout JSONWriter) {
        let fields = business.fields
        json.object { json in
            json.member("id", business.id)
            json.member("name", fields.name)
            json.member("trade", fields.trade?.rawValue)
            json.member("address", fields.address)
            json.member("city", fields.city)
            json.member("state", fields.state)
            json.member("pin_code", fields.pinCode?.value)
            json.member("gstin", fields.gstin?.value)
            json.member("languages", fields.languages.map(\.rawValue))
            json.member("hours") { json in
                json.array { json in
                    for stretch in fields.hours {
                        json.object { json in
                            json.member("day", stretch.day.name)
                            json.member("opens", ClockTime.text(stretch.opens))
                            json.member("closes", ClockTime.text(stretch.closes))
                        }
                    }
                }
            }
            json.member("upi_id", fields.upiID?.value)
            json.member("tone", fields.tone?.rawValue)
            json.member("staff_see_own_customers", fields.staffSeeOwnCustomers)
            json.member("version", business.version)
        }
    }
}

/// A merge patch (RFC 7396): an absent member stays, null removes. Languages and hours are replaced as a whole.
struct BusinessChange: Sendable {
    let name: Change<String>, trade: Change<String>, address: Change<String>, city: Change<String>,
        state: Change<String>, pinCode: Change<String>, gstin: Change<String>, languages: Change<[String]>,
        hours: Change<[HoursInput]>, upiID: Change<String>, tone: Change<String>, staffSeeOwnCustomers: Change<Bool>

    struct HoursInput: Decodable, Sendable {
        let day: String, opens: String, closes: String
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to fields: BusinessFields) throws -> BusinessFields {
        var fields = fields
        var validation = Validation()
        func line(_ pointer: String, _ bytes: Int) -> (String) throws(FieldError) -> String? {
            { text throws(FieldError) in try Text(text, at: pointer, maximumBytes: bytes).value }
        }
        fields.name = name.applied(to: fields.name, cleared: fields.name, noting: &validation) {
            text throws(FieldError) in
            try Text(text, at: "/name", maximumBytes: 200).value
        }
        if case .clear = name { validation.fail(FieldError("/name", "required", "A business always has a name.")) }
        fields.trade = trade.applied(to: fields.trade, cleared: nil, noting: &validation) { text throws(FieldError) in
            try Self.choice(text, at: "/trade")
        }
        fields.address = address.applied(to: fields.address, cleared: nil, noting: &validation, line("/address", 300))
        fields.city = city.applied(to: fields.city, cleared: nil, noting: &validation, line("/city", 100))
        fields.state = state.applied(to: fields.state, cleared: nil, noting: &validation, line("/state", 100))
        fields.pinCode = pinCode.applied(to: fields.pinCode, cleared: nil, noting: &validation) {
            text throws(FieldError) in
            try PINCode(text, at: "/pin_code")
        }
        fields.gstin = gstin.applied(to: fields.gstin, cleared: nil, noting: &validation) { text throws(FieldError) in
            try GSTIN(text, at: "/gstin")
        }
        fields.languages = languages.applied(to: fields.languages, cleared: [], noting: &validation) {
            texts throws(FieldError) in
            try Self.languages(texts)
        }
        fields.hours = hours.applied(to: fields.hours, cleared: [], noting: &validation) { inputs throws(FieldError) in
            try Self.hours(inputs)
        }
        fields.upiID = upiID.applied(to: fields.upiID, cleared: nil, noting: &validation) { text throws(FieldError) in
            try UPIAddress(text, at: "/upi_id")
        }
        fields.tone = tone.applied(to: fields.tone, cleared: nil, noting: &validation) { text throws(FieldError) in
            try Self.choice(text, at: "/tone")
        }
        fields.staffSeeOwnCustomers = staffSeeOwnCustomers.applied(
            to: fields.staffSeeOwnCustomers, cleared: false, noting: &validation
        ) { only throws(FieldError) in only }
        try validation.finish()
        return fields
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(_ text: String, at pointer: String)
        throws(FieldError) -> Choice where Choice.RawValue == String
    {
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldError(pointer, "invalid_value", "One of \(names).")
        }
        return choice
    }

    private static func languages(_ texts: [String]) throws(FieldError) -> [Language] {
        var languages: [Language] = []
        for (index, text) in texts.enumerated() {
            guard index < Language.allCases.count else {
                throw FieldError("/languages", "too_many", "At most \(Language.allCases.count) languages.")
            }
            let language: Language = try choice(text, at: "/languages/\(index)")
            if !languages.contains(language) { languages.append(language) }
        }
        return languages
    }

    /// In the order of the week; two stretches of a day must not overlap.
    private static func hours(_ inputs: [HoursInput]) throws(FieldError) -> [OpeningHours] {
        guard inputs.count <= BusinessFields.maximumHours else {
            throw FieldError("/hours", "too_many", "At most \(BusinessFields.maximumHours) stretches.")
        }
        var hours: [OpeningHours] = []
        for (index, input) in inputs.enumerated() {
            guard let day = Weekday(input.day) else {
                throw FieldError("/hours/\(index)/day", "invalid_value", "A day such as monday.")
            }
            guard let opens = ClockTime.minutes(input.opens), opens < ClockTime.day else {
                throw FieldError("/hours/\(index)/opens", "invalid_time", "A time such as 09:30.")
            }
            guard let closes = ClockTime.minutes(input.closes), closes > opens else {
                throw FieldError(
                    "/hours/\(index)/closes", "invalid_time", "A later time of the same day, 24:00 at most.")
            }
            let stretch = OpeningHours(day: day, opens: opens, closes: closes)
            guard !hours.contains(where: { $0.day == day && $0.opens < closes && opens < $0.closes }) else {
                throw FieldError("/hours/\(index)", "overlapping", "Two stretches of a day must not overlap.")
            }
            hours.append(stretch)
        }
        return hours.sorted { ($0.day.rawValue, $0.opens) < ($1.day.rawValue, $1.opens) }
    }
}

extension BusinessChange: Decodable {
    private enum CodingKeys: String, CodingKey {
        case name, trade, address, city, state, pinCode = "pin_code", gstin, languages, hours, upiID = "upi_id", tone
        case staffSeeOwnCustomers = "staff_see_own_customers"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        name = try members.decodeChange(String.self, forKey: .name)
        staffSeeOwnCustomers = try members.decodeChange(Bool.self, forKey: .staffSeeOwnCustomers)
        trade = try members.decodeChange(String.self, forKey: .trade)
        address = try members.decodeChange(String.self, forKey: .address)
        city = try members.decodeChange(String.self, forKey: .city)
        state = try members.decodeChange(String.self, forKey: .state)
        pinCode = try members.decodeChange(String.self, forKey: .pinCode)
        gstin = try members.decodeChange(String.self, forKey: .gstin)
        languages = try members.decodeChange([String].self, forKey: .languages)
        hours = try members.decodeChange([HoursInput].self, forKey: .hours)
        upiID = try members.decodeChange(String.self, forKey: .upiID)
        tone = try members.decodeChange(String.self, forKey: .tone)
    }
}

/// A time of day in minutes since midnight: `09:30`, and `24:00` for the end of a day.
enum ClockTime {
    static let day = 1_440

    static func minutes(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (48...57).contains(bytes[$0]) })
        else { return nil }
        let hours = Int(bytes[0] - 48) * 10 + Int(bytes[1] - 48), minutes = Int(bytes[3] - 48) * 10 + Int(bytes[4] - 48)
        guard minutes < 60, hours * 60 + minutes <= day else { return nil }
        return hours * 60 + minutes
    }

    static func text(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
