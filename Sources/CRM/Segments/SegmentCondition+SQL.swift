// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

extension SegmentCondition {
    /// Begins with AND. Whoever was merged into others is one person with them in what was said and done; in all else their own row
    /// speaks.
    func sql(_ fields: [CustomField], at now: Instant, of tenant: TenantID) -> Statement {
        switch field {
        case .stage:
            " AND \(CustomerConditions.stage(in: texts.compactMap { CustomerStage(rawValue: $0) }))"
        case .language: " AND \(CustomerConditions.language(in: texts.compactMap { Language(rawValue: $0) }))"
        case .tags: tagged
        case .owner:
            UserID(text).map { " AND \(CustomerConditions.owner($0))" } ?? " AND owner_id IS NULL"
        case .source: " AND \(CustomerConditions.source(text))"
        case .city: " AND \(CustomerConditions.city(text))"
        case .pinCode:
            comparison == .begins
                ? " AND \(CustomerConditions.begins(with: text, "pin_code"))"
                : " AND \(CustomerConditions.pinCode(text))"
        case .birthday: " AND \(CustomerConditions.within(.next(number, from: now), "birthday"))"
        case .anniversary: " AND \(CustomerConditions.within(.next(number, from: now), "anniversary"))"
        case .createdAt: since("created_at", at: now)
        case .updatedAt: since("updated_at", at: now)
        case .phone: isThere("phone")
        case .email: isThere("email")
        case .whatsAppID: isThere("whatsapp_id")
        case .custom: custom(fields, of: tenant)
        case .lastInteraction: heardOf("x.last_interaction_at", at: now, of: tenant)
        case .lastSeen: heardOf("x.last_seen_at", at: now, of: tenant)
        case .spent: totalling("spent_paise", of: tenant)
        case .payments: totalling("payments", of: tenant)
        case .consent(let channel, let purpose): said(on: channel, for: purpose, of: tenant)
        case .doNotContact:
            choose(CustomerSet(with: "app.do_not_contact", where: "true", of: tenant), if: isTrue)
        }
    }

    // MARK: - By their own row

    private var tagged: Statement {
        switch comparison {
        case .hasAny: " AND \(CustomerConditions.hasTag(among: texts))"
        case .hasNone: " AND NOT \(CustomerConditions.hasTag(among: texts))"
        default: " AND \(CustomerConditions.hasTag(text))"
        }
    }

    private func isThere(_ column: Statement) -> Statement {
        isTrue ? " AND \(column) IS NOT NULL" : " AND \(column) IS NULL"
    }

    private func since(_ column: Statement, at now: Instant) -> Statement {
        switch (comparison, operand) {
        case (.before, .time(let time)): " AND \(CustomerConditions.before(time, column))"
        case (_, .time(let time)): " AND \(CustomerConditions.atLeast(time, column))"
        case (.notWithinLastDays, _): " AND \(CustomerConditions.before(daysAgo(now), column))"
        default: " AND \(CustomerConditions.atLeast(daysAgo(now), column))"
        }
    }

    private func daysAgo(_ now: Instant) -> Instant { now.advanced(by: .seconds(-86_400 * number)) }

    // MARK: - By what stands beside it

    private func choose(_ set: CustomerSet, if isWithin: Bool) -> Statement { isWithin ? set.contains : set.excludes }

    private func custom(_ fields: [CustomField], of tenant: TenantID) -> Statement {
        guard let condition = custom(fields) else { return " AND false" }
        return choose(CustomerSet(condition.holders(of: tenant)), if: comparison != .isSet || isTrue)
    }

    /// Whoever was never heard of was not heard of lately either.
    private func heardOf(_ column: Statement, at now: Instant, of tenant: TenantID) -> Statement {
        let test: Statement = comparison == .never ? "\(column) IS NOT NULL" : "\(column) >= \(daysAgo(now))"
        return choose(
            CustomerSet(with: "app.customer_activity", where: test, of: tenant), if: comparison == .withinLastDays)
    }

    /// Whoever has no row has paid nothing.
    private func totalling(_ column: Statement, of tenant: TenantID) -> Statement {
        switch comparison {
        case .atLeast where number > 0: CustomerSet.totalling(column, ">= \(number)", of: tenant).contains
        case .atLeast: CustomerSet.totalling(column, "< \(number)", of: tenant).excludes
        default: CustomerSet.totalling(column, "> \(number)", of: tenant).excludes
        }
    }

    private func said(on channel: ConsentChannel, for purpose: ConsentPurpose, of tenant: TenantID) -> Statement {
        let no = ConsentQueries.withdrawn(on: channel, for: purpose, of: tenant)
        let yes = ConsentQueries.given(on: channel, for: purpose, of: tenant)
        return switch SegmentConsent(rawValue: text) {
        case .given: "\(no.excludes)\(yes.contains)"
        case .withdrawn: no.contains
        case .nothing, nil: "\(no.excludes)\(yes.excludes)"
        }
    }
}

extension ClosedYearDays {
    /// From today in India until so many days later. Who was born on a 29 February has their day on the 28th in other years.
    package static func next(_ days: Int, from now: Instant) -> ClosedYearDays {
        let first = SendingHours.indianDay(now)
        let last = SendingHours.indianDay(now.advanced(by: .seconds(86_400 * days)))
        var range = ClosedYearDays()
        (range.first, range.last) = (first % 10_000, last % 10_000)
        if range.last == 228, PartialDate(year: last / 10_000, month: 2, day: 29) == nil { range.last = 229 }
        return range
    }
}
