// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What one row of a file or one card of an address book says of a customer, each part valid by itself.
///
/// What identifies a customer must be right, or there is no record: a wrong number would make a second customer or meet
/// another one. Anything else that is wrong is left out and told in ``problems``.
package struct ImportRecord: Equatable, Sendable {
    /// The one that the customer is known by, and the further ones.
    package static let maximumPhones = 1 + CustomerFields.maximumOthers, maximumEmails = maximumPhones
    package static let maximumProblems = 20
    package static let maximumAddressBytes = 1_000, maximumCustomBytes = 1_000, maximumWordBytes = 100

    package var name: String?
    package var phone: PhoneNumber?
    package var otherPhones: [PhoneNumber] = []
    package var email: EmailAddress?
    package var otherEmails: [EmailAddress] = []
    package var whatsAppID: String?
    package var organisation: String?
    /// What stands above the city.
    package var address: String?
    package var city: String?
    package var state: String?
    package var pinCode: PINCode?
    package var gstin: GSTIN?
    package var birthday: PartialDate?
    package var anniversary: PartialDate?
    package var language: String?
    package var source: String?
    /// As it stands in the file: a business has stages of its own.
    package var stage: String?
    package var tags: [String] = []
    package var notes: String?
    /// By the keys of a business's own fields.
    package var custom: [String: String] = [:]
    /// What was left out and why.
    package private(set) var problems: [FieldError] = []

    /// All of them, the one that the customer is known by first.
    package var phones: [PhoneNumber] { (phone.map { [$0] } ?? []) + otherPhones }
    package var emails: [EmailAddress] { (email.map { [$0] } ?? []) + otherEmails }

    private init() {}

    /// Reads a row; an empty cell says nothing.
    /// - Throws: `FieldError` with code `too_many_columns`, `required` when it is known by nothing, `invalid_phone`,
    ///   `phone_in_scientific_notation`, `invalid_country_code`, `invalid_email`, or what is wrong with its name.
    package init(_ row: [String], _ mapping: ImportMapping) throws(FieldError) {
        let columns = mapping.columns
        guard row.count <= columns.count || row[columns.count...].allSatisfy(\.isEmpty) else {
            throw FieldError("", "too_many_columns", "The row has \(row.count) columns, the header \(columns.count).")
        }
        var cells = ImportCells()
        for (column, cell) in zip(columns, row) {
            guard let target = column.target, !cell.isEmpty else { continue }
            cells.add(ImportCell.text(cell), target)
            if column.holdsFurtherOnes { cells.withoutFirst.insert(target) }
        }
        try read(cells)
    }

    /// Reads a card.
    /// - Throws: as for a row.
    package init(_ card: VCard) throws(FieldError) {
        var cells = ImportCells()
        cells.add(card.name ?? "", .name)
        cells.add(card.organisation ?? "", .organisation)
        for phone in card.phones { cells.add(phone, .phone) }
        for email in card.emails { cells.add(email, .email) }
        if let address = card.address {
            let isAtHome = ["", "in", "india", "bharat", "भारत"].contains(address.country.lowercased())
            for line in address.lines { cells.add(line, .address) }
            cells.add(address.city, .city)
            cells.add(address.state, .state)
            cells.add(address.pinCode, isAtHome ? .pinCode : .address)
            if !isAtHome { cells.add(address.country, .address) }
        }
        cells.add(card.birthday ?? "", .birthday)
        cells.add(card.anniversary ?? "", .anniversary)
        for category in card.categories {
            // A card has said where one ends and the next begins.
            let isPlain = ListCell.isAddressBooksOwn(category)
            cells.add(isPlain ? category : ListCell.quoted(category), .tags)
        }
        cells.add(card.note ?? "", .notes)
        if card.unreadableLines > 0 {
            note(FieldError("", "unreadable_line", "\(card.unreadableLines) lines of the card cannot be read."))
        }
        try read(cells)
    }

    // MARK: - Reading

    private mutating func read(_ cells: ImportCells) throws(FieldError) {
        organisation = word(cells.organisation, "/organisation", maximumBytes: CustomerFields.maximumNameBytes)
        if let text = cells.fullName { name = try CustomerFields.name(text) } else { name = organisation }
        try readPhones(cells)
        try readEmails(cells)
        whatsAppID = check(cells.whatsAppID) { text throws(FieldError) in try CustomerFields.whatsAppID(text) }
        if !isKnownBySomething {
            if !otherPhones.isEmpty { phone = otherPhones.removeFirst() }
            if phone == nil, !otherEmails.isEmpty { email = otherEmails.removeFirst() }
        }
        guard isKnownBySomething else { throw CustomerFields.unknownByAnything }
        address = check(cells.address.joined(separator: ", ")) { text throws(FieldError) in
            try Text(text, at: "/address", maximumBytes: Self.maximumAddressBytes, multiline: true).value
        }
        city = word(cells.city, "/city")
        state = word(cells.state, "/state")
        pinCode = checkNumber(cells.pinCode) { text throws(FieldError) in try PINCode(text, at: "/pin_code") }
        gstin = checkNumber(cells.gstin) { text throws(FieldError) in try GSTIN(text, at: "/gstin") }
        birthday = date(cells.birthday, "/birthday")
        anniversary = date(cells.anniversary, "/anniversary")
        language = word(cells.language, "/language")
        source = word(cells.source, "/source")
        stage = word(cells.stage, "/stage")
        readTags(cells.tags)
        notes = check(cells.notes.joined(separator: "\n")) { text throws(FieldError) in try CustomerFields.notes(text) }
        for (key, text) in cells.custom {
            custom[key] = check(text) { text throws(FieldError) in
                try Text(text, at: "/custom/\(key)", maximumBytes: Self.maximumCustomBytes, multiline: true).value
            }
        }
    }

    private var isKnownBySomething: Bool { name != nil || phone != nil || email != nil || whatsAppID != nil }

    private mutating func readPhones(_ cells: ImportCells) throws(FieldError) {
        let reader = ImportPhones(countryCode: cells.countryCode)
        let first = cells.phones.flatMap { reader.read($0, at: "/phone") }
        for result in first { take(result, mayBeFirst: true) }
        if phone == nil, case .failure(let error)? = first.first { throw error }
        let mayBeFirst = !cells.withoutFirst.contains(.otherPhones)
        for text in cells.otherPhones {
            for result in reader.read(text, at: "/other_phones") { take(result, mayBeFirst: mayBeFirst) }
        }
    }

    /// - Parameter mayBeFirst: whether it is what the customer is known by, when there is no other.
    private mutating func take(_ result: Result<PhoneNumber, FieldError>, mayBeFirst: Bool) {
        switch result {
        case .failure(let error): note(error)
        case .success(let number) where phone == nil && mayBeFirst: phone = number
        case .success(let number) where otherPhones.contains(number) || mayBeFirst && number == phone: break
        case .success where otherPhones.count == CustomerFields.maximumOthers:
            note(FieldError("/other_phones", "too_many", "At most \(CustomerFields.maximumOthers) further numbers."))
        case .success(let number): otherPhones.append(number)
        }
    }

    private mutating func readEmails(_ cells: ImportCells) throws(FieldError) {
        var wrong: FieldError?
        for (texts, pointer, mayBeFirst) in [
            (cells.emails, "/email", true),
            (cells.otherEmails, "/other_emails", !cells.withoutFirst.contains(.otherEmails)),
        ] {
            for text in texts.flatMap(ImportCell.values).flatMap({ $0.split { ",; \n".contains($0) } }) {
                do throws(FieldError) {
                    guard !ImportCell.isNothing(String(text)) else { continue }
                    take(try EmailAddress(String(text), at: pointer), mayBeFirst: mayBeFirst)
                } catch {
                    wrong = wrong ?? error
                    note(error)
                }
            }
            if email == nil, pointer == "/email", let wrong { throw wrong }
        }
    }

    private mutating func take(_ address: EmailAddress, mayBeFirst: Bool) {
        if email == nil, mayBeFirst { return email = address }
        if otherEmails.contains(address) || mayBeFirst && address == email { return }
        if otherEmails.count < CustomerFields.maximumOthers { return otherEmails.append(address) }
        note(FieldError("/other_emails", "too_many", "At most \(CustomerFields.maximumOthers) further addresses."))
    }

    private mutating func readTags(_ texts: [String]) {
        for element in texts.flatMap(ListCell.elements) {
            let text = element.text
            if text.isEmpty || !element.isQuoted && ListCell.isAddressBooksOwn(text) { continue }
            guard tags.count < CustomerFields.maximumTags else {
                return note(FieldError("/tags", "too_many", "At most \(CustomerFields.maximumTags) tags."))
            }
            let tag = word(text, "/tags", maximumBytes: CustomerFields.maximumTagBytes)
            if let tag, !tags.contains(tag) { tags.append(tag) }
        }
    }

    private mutating func date(_ text: String?, _ pointer: String) -> PartialDate? {
        guard let text, !ImportCell.isNothing(text) else { return nil }
        if let date = PartialDate(typed: text) { return date }
        note(FieldError(pointer, "invalid_date", "Give a date like 23/04/1990, or 23 April without the year."))
        return nil
    }

    private mutating func word(_ text: String?, _ pointer: String, maximumBytes: Int = maximumWordBytes) -> String? {
        check(text) { text throws(FieldError) in
            try Text(ImportCell.oneLine(text), at: pointer, maximumBytes: maximumBytes).value
        }
    }

    /// The value, or nil and a noted problem.
    private mutating func check<Value>(_ text: String?, _ read: (String) throws(FieldError) -> Value) -> Value? {
        guard let text, !text.isEmpty else { return nil }
        do throws(FieldError) { return try read(text) } catch {
            note(error)
            return nil
        }
    }

    private mutating func checkNumber<Value>(_ text: String?, _ read: (String) throws(FieldError) -> Value) -> Value? {
        guard let text = text.map(ImportCell.number), !ImportCell.isNothing(text) else { return nil }
        return check(text, read)
    }

    private mutating func note(_ problem: FieldError) {
        if problems.count < Self.maximumProblems { problems.append(problem) }
    }
}

/// The cells of one row by what they are about.
private struct ImportCells {
    private(set) var phones: [String] = []
    private(set) var otherPhones: [String] = []
    private(set) var countryCode: String?
    private(set) var emails: [String] = []
    private(set) var otherEmails: [String] = []
    private(set) var whatsAppID: String?
    /// Of ``ImportTarget/otherPhones`` and ``ImportTarget/otherEmails`` those that hold further ones alone.
    var withoutFirst: Set<ImportTarget> = []
    private(set) var organisation: String?
    private(set) var address: [String] = []
    private(set) var city: String?
    private(set) var state: String?
    private(set) var pinCode: String?
    private(set) var gstin: String?
    private(set) var birthday: String?
    private(set) var anniversary: String?
    private(set) var language: String?
    private(set) var source: String?
    private(set) var stage: String?
    private(set) var tags: [String] = []
    private(set) var notes: [String] = []
    private(set) var custom: [String: String] = [:]
    private var name: String?
    private var firstName: String?
    private var middleName: String?
    private var lastName: String?

    mutating func add(_ text: String, _ target: ImportTarget) {
        guard !text.isEmpty else { return }
        switch target {
        case .name: name = text
        case .firstName: firstName = text
        case .middleName: middleName = text
        case .lastName: lastName = text
        case .organisation: organisation = text
        case .phone: phones.append(text)
        case .otherPhones: otherPhones.append(text)
        case .countryCode: countryCode = text
        case .email: emails.append(text)
        case .otherEmails: otherEmails.append(text)
        case .whatsAppID: whatsAppID = text
        case .address: address.append(text)
        case .city: city = text
        case .state: state = text
        case .pinCode: pinCode = text
        case .gstin: gstin = text
        case .birthday: birthday = text
        case .anniversary: anniversary = text
        case .language: language = text
        case .source: source = text
        case .stage: stage = text
        case .tags: tags.append(text)
        case .notes: notes.append(text)
        case .custom(let key): custom[key] = text
        }
    }

    /// The name as it stands there, else put together from its parts.
    var fullName: String? {
        if let name { return ImportCell.oneLine(name) }
        let parts = [firstName, middleName, lastName].compactMap { $0 }
        return parts.isEmpty ? nil : ImportCell.oneLine(parts.joined(separator: " "))
    }
}
