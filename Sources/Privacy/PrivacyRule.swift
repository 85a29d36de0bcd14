// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Whose data it is.
package enum PrivacySubject: Sendable, Equatable {
    /// A business with all that it keeps.
    case tenant(TenantID)
    /// Someone who signs in.
    case person(UserID)
    /// Someone in a business's customer book.
    case customer(UUIDv7, of: TenantID)

    package enum Kind: String, Sendable, CaseIterable {
        case tenant, person, customer

        /// The column that names the subject where a rule names none.
        var column: String {
            switch self {
            case .tenant: "tenant_id"
            case .person: "user_id"
            case .customer: "customer_id"
            }
        }
    }

    var kind: Kind {
        switch self {
        case .tenant: .tenant
        case .person: .person
        case .customer: .customer
        }
    }

    var id: UUIDv7 {
        switch self {
        case .tenant(let id): id.uuid
        case .person(let id): id.uuid
        case .customer(let id, _): id
        }
    }

    /// As the API spells it.
    package var publicID: String {
        switch self {
        case .tenant(let id): "\(id)"
        case .person(let id): "\(id)"
        case .customer(let id, _): "cus_\(id.hex)"
        }
    }

    /// The business in which it is to be looked for; nil for all.
    var tenantID: TenantID? {
        switch self {
        case .tenant(let id), .customer(_, let id): id
        case .person: nil
        }
    }
}

/// What becomes of a table's rows for one kind of subject, as the table's comment says it:
///
///     privacy: tenant delete after 90 days; person(created_by) keep; customer mask name = 'Erased', phone = NULL
///
/// A subject is found by `tenant_id`, `user_id` or `customer_id` unless a column is named. What is to be deleted or masked
/// goes at once, or after so many days. Rows are part of an export unless the rule says `unexported`.
package struct PrivacyRule: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case keep
        case delete(afterDays: Int)
        /// - Parameter assignments: the SET list of an UPDATE, as the owner of the schema has written it.
        case mask(assignments: String)
    }

    package let subject: PrivacySubject.Kind
    /// The column that names the subject.
    package let column: String
    package let action: Action
    package let isExported: Bool

    /// Reads the rules of a table's comment.
    /// - Returns: nothing for `none`; nil when there is no line, or one that cannot be followed.
    package static func all(in comment: String) -> [PrivacyRule]? {
        let lines = comment.split(separator: "\n").filter { $0.hasPrefix("privacy: ") }
        guard lines.count == 1, let text = lines.first?.dropFirst("privacy: ".count) else { return nil }
        if text == "none" { return [] }
        let clauses = text.split(separator: ";").map { PrivacyRule(String($0).trimmingWhitespace) }
        let rules = clauses.compactMap { $0 }
        return rules.count == clauses.count && !rules.isEmpty ? rules : nil
    }

    private init?(_ clause: String) {
        guard
            let match = clause.wholeMatch(
                of: /(tenant|person|customer)(?:\(([a-z_]+)\))? (keep|delete|mask)(?: (.+?))??(?: (unexported))?/),
            let subject = PrivacySubject.Kind(rawValue: String(match.1))
        else { return nil }
        self.subject = subject
        column = match.2.map { String($0) } ?? subject.column
        isExported = match.5 == nil
        let rest = match.4.map { String($0) }
        switch match.3 {
        case "keep":
            guard rest == nil else { return nil }
            action = .keep
        case "delete":
            guard let days = rest.map({ $0.wholeMatch(of: /after ([0-9]{1,5}) days/).flatMap { Int($0.1) } }) ?? 0
            else {
                return nil
            }
            action = .delete(afterDays: days)
        default:
            guard let rest else { return nil }
            action = .mask(assignments: rest)
        }
    }
}
