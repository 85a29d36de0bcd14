// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which customers a list shows.
package struct CustomerFilter: Sendable, Equatable {
    /// Any of these; all when empty.
    package var stages: [CustomerStage] = []
    package var tag: String?
    /// What the search box holds. Of more than ``maximumFound`` who have it the best count, and of those who are alike the newest.
    package var search: SearchQuery?
    /// What a name begins with, whatever its case and accents.
    package var namePrefix: String?
    package var phone: PhoneNumber?
    /// What a number begins with, in E.164: a plus and digits.
    package var phonePrefix: String?
    package var email: EmailAddress?
    package var owner: UserID?
    package var source: String?
    package var language: Language?
    package var city: String?
    package var pinCode: PINCode?
    package var whatsAppID: String?
    package var birthdays: ClosedYearDays?
    package var anniversaries: ClosedYearDays?
    /// All of these, of fields that the business has added.
    package var custom: [CustomCondition] = []
    /// Besides: nobody but whom this person looks after.
    var visibleTo: UserID?
    package var createdAtLeast: Instant?, createdAtMost: Instant?
    package var updatedAtLeast: Instant?, updatedAtMost: Instant?

    package static let maximumFound = 1_000

    package init() {}

    /// Text that is looked for. Accents alone would be found everywhere.
    package static func searchText(_ text: String, at pointer: String) throws(FieldError) -> String {
        let text = try Text(text, at: pointer, maximumBytes: 100).value
        guard !text.searchKey.isEmpty else { throw FieldError(pointer, "required", "Give a letter or a digit.") }
        return text
    }

    /// One stage, and nothing else.
    var isStageAlone: Bool {
        var rest = self
        rest.stages = []
        return stages.count == 1 && rest == CustomerFilter()
    }

    /// Somebody's customers, and nothing else.
    var isOwnerAlone: Bool {
        var rest = self
        (rest.owner, rest.visibleTo) = (nil, nil)
        return (owner != nil || visibleTo != nil) && rest == CustomerFilter()
    }

    /// PostgreSQL keeps a plan for what is asked all the time, and not for every combination there may be.
    var isCommon: Bool {
        var rest = self
        rest.stages = Array(stages.dropFirst())
        rest.tag = nil
        rest.search = nil
        rest.visibleTo = nil
        return rest == CustomerFilter()
    }
}

/// Days of any year from one to another, as the month times a hundred and the day. Where the first is the later one they go around
/// the turn of the year.
package struct ClosedYearDays: Sendable, Equatable {
    package var first = 101, last = 1_231

    package init() {}
}

/// What stands in a field that the business has added.
package struct CustomCondition: Sendable, Equatable {
    package enum Test: Sendable, Equatable {
        /// Whatever it is, in a field of this kind.
        case anything(CustomField.Kind)
        case equal(CustomValue)
        case atLeast(CustomValue), atMost(CustomValue)
        /// Of a text: how it begins, whatever its case and accents.
        case beginning(String)
    }

    package let field: CustomField.ID
    package let test: Test

    package init(_ field: CustomField.ID, _ test: Test) {
        self.field = field
        self.test = test
    }
}

/// In which order a list shows them.
package enum CustomerOrder: Sendable {
    case createdAt, updatedAt
    /// Those without a name come behind all others.
    case name
}

/// Where in a list a customer stands: what the list is sorted by, and who it is.
package struct CustomerPosition: Sendable, Equatable {
    package let id: Customer.ID
    /// For lists by change.
    package let updatedAt: Instant?
    /// For lists by name: the name as it is sorted.
    package let nameOrder: String?

    package init(id: Customer.ID, updatedAt: Instant? = nil, nameOrder: String? = nil) {
        self.id = id
        self.updatedAt = updatedAt
        self.nameOrder = nameOrder
    }

    /// The id, behind what the list is sorted by.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let updatedAt {
            let bits = UInt64(bitPattern: updatedAt.microseconds)
            bytes += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
        }
        if let nameOrder { bytes += Array(nameOrder.utf8) }
        return bytes + id.uuid.bytes
    }

    /// Reads ``bytes`` of a list in this order; nil for others.
    package init?(bytes: [UInt8], in order: CustomerOrder) {
        let key = bytes.dropLast(16)
        guard let uuid = UUIDv7(bytes: bytes.suffix(16)) else { return nil }
        id = Customer.ID(uuid)
        switch order {
        case .createdAt:
            guard key.isEmpty else { return nil }
            (updatedAt, nameOrder) = (nil, nil)
        case .updatedAt:
            guard key.count == 8 else { return nil }
            let bits = key.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            (updatedAt, nameOrder) = (Instant(microseconds: Int64(bitPattern: bits)), nil)
        case .name:
            guard let text = String(validating: key, as: UTF8.self) else { return nil }
            (updatedAt, nameOrder) = (nil, text)
        }
    }
}
