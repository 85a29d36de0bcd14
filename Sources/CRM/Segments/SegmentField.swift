// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What of a customer a condition of a segment looks at.
package enum SegmentField: Hashable, Sendable {
    case stage, tags, owner, source, language, city, pinCode, birthday, anniversary, createdAt, updatedAt
    case phone, email, whatsAppID
    /// One that the business has added, by its key.
    case custom(String)
    case lastInteraction, lastSeen, spent, payments
    /// What they have said of being contacted.
    case consent(ConsentChannel, ConsentPurpose)
    case doNotContact

    private static let named: [(field: SegmentField, name: String)] =
        [
            (.stage, "stage"), (.tags, "tags"), (.owner, "owner_id"), (.source, "source"), (.language, "language"),
            (.city, "city"), (.pinCode, "pin_code"), (.birthday, "birthday"), (.anniversary, "anniversary"),
            (.createdAt, "created_at"), (.updatedAt, "updated_at"), (.phone, "phone"), (.email, "email"),
            (.whatsAppID, "whatsapp_id"), (.lastInteraction, "last_interaction_at"), (.lastSeen, "last_seen_at"),
            (.spent, "spent_paise"), (.payments, "payments"), (.doNotContact, "do_not_contact"),
        ]
        + ConsentChannel.allCases.flatMap { channel in
            ConsentPurpose.allCases.map { purpose in
                (.consent(channel, purpose), "consent.\(channel.rawValue).\(purpose.rawValue)")
            }
        }
    private static let fields = Dictionary(uniqueKeysWithValues: named.map { ($0.name, $0.field) })
    private static let names = Dictionary(uniqueKeysWithValues: named.map { ($0.field, $0.name) })
    private static let customPrefix = "custom."

    /// Nil when there is none of this name. Whether the business has such a field of its own is another question.
    package init?(_ name: String) {
        if name.hasPrefix(Self.customPrefix) {
            guard let key = try? CustomField.key(String(name.dropFirst(Self.customPrefix.count))) else { return nil }
            self = .custom(key)
        } else {
            guard let field = Self.fields[name] else { return nil }
            self = field
        }
    }

    /// `stage`, `custom.size`, `consent.sms.marketing`
    package var name: String {
        if case .custom(let key) = self { Self.customPrefix + key } else { Self.names[self] ?? "" }
    }

    /// How it may be compared, and with what: the one place where that is said.
    var comparisons: [(comparison: SegmentComparison, with: SegmentOperand.Kind)] {
        switch self {
        case .stage, .language: [(.is, .text), (.in, .texts)]
        case .tags: [(.has, .text), (.hasAny, .texts), (.hasNone, .texts)]
        case .owner: [(.is, .text), (.none, .nothing)]
        case .source, .city: [(.is, .text)]
        case .pinCode: [(.is, .text), (.begins, .text)]
        // A year less a day at most: a stretch of days that ends where it begins would be one day.
        case .birthday, .anniversary: [(.withinNextDays, .number(0...364))]
        case .createdAt, .updatedAt: [(.before, .time), (.after, .time)] + Self.inDays
        case .lastInteraction, .lastSeen: Self.inDays + [(.never, .nothing)]
        case .spent: [(.atLeast, .number(0...1_000_000_000_000_000)), (.atMost, .number(0...1_000_000_000_000_000))]
        case .payments: [(.atLeast, .number(0...1_000_000_000)), (.atMost, .number(0...1_000_000_000))]
        case .phone, .email, .whatsAppID, .doNotContact: [(.isSet, .truth)]
        case .consent: [(.is, .text)]
        case .custom: [(.is, .raw), (.atLeast, .raw), (.atMost, .raw), (.begins, .raw), (.isSet, .truth)]
        }
    }

    private static let inDays: [(comparison: SegmentComparison, with: SegmentOperand.Kind)] =
        [(.withinLastDays, .number(1...3_650)), (.notWithinLastDays, .number(1...3_650))]
}

/// How a condition compares; `op` in JSON.
package enum SegmentComparison: String, Sendable {
    case `is`, `in`, has
    case hasAny = "has_any", hasNone = "has_none"
    /// Nobody, nothing.
    case none
    case begins
    /// Days of any year, from today in India.
    case withinNextDays = "within_next_days"
    /// Times 24 hours back from now.
    case withinLastDays = "within_last_days", notWithinLastDays = "not_within_last_days"
    case never
    /// Together they are all: `after` is at that time or later.
    case before, after
    case atLeast = "at_least", atMost = "at_most"
    case isSet = "is_set"
}

/// What a field is compared with.
package enum SegmentOperand: Sendable, Equatable {
    /// How it is given.
    enum Kind: Sendable, Equatable {
        case nothing, text, texts, time, truth
        /// A whole number within these.
        case number(ClosedRange<Int>)
        /// As the business's own field has it.
        case raw
    }

    case nothing
    case text(String), texts([String]), number(Int), time(Instant), truth(Bool), raw(CustomValue.Raw)
}
