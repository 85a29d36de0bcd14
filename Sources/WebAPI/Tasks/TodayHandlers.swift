// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// What somebody sees in the morning.
struct TodayHandlers: Sendable {
    let today: TodayService

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/today", operation: "getToday", access: .customersRead, get)
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let query = try request.query("assignee_id", "days", "not_seen_days")
        var question = Today.Question(of: try assignee(query["assignee_id"], context.caller))
        question.daysAhead = try Self.number(query, "days", 0...7) ?? question.daysAhead
        question.unseenDays = try Self.number(query, "not_seen_days", 1...3_650) ?? question.unseenDays
        return TodayOutput.response(try await today.read(question, for: context.caller))
    }

    /// - Throws: `APIError` with status 403 for others' work, unless it is a program of the business who asks, or somebody who governs
    ///   those who work there.
    private func assignee(_ text: String?, _ caller: Caller) throws -> Today.Assignee {
        guard let text else { return .one(caller.userID) }
        let assignee: Today.Assignee =
            text == "all"
            ? .everybody
            : .one(
                try Pages.queryField { () throws(FieldError) in try ListValue.member(text, at: "/assignee_id") })
        guard assignee == .one(caller.userID) || caller.seesEverybodysWork else {
            throw APIError(.forbidden, .permissionDenied, "You see your own work here. An owner or a manager sees all.")
        }
        return assignee
    }

    private static func number(_ query: QueryParameters, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = query[name] else { return nil }
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
            range.contains(number)
        else {
            throw Request.Failure.badQuery(
                FieldError(
                    "/" + name, "out_of_range", "A whole number from \(range.lowerBound) to \(range.upperBound)."))
        }
        return number
    }
}

extension Caller {
    fileprivate var seesEverybodysWork: Bool {
        switch self {
        case .person(let person): person.role.governs(.staff)
        case .key: true
        }
    }
}
