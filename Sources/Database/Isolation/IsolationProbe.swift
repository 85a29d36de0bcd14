// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Tries the border between businesses from inside: two of them, made up in a transaction that is rolled back, and on every
/// table each way that one could reach the other's rows. Rules say how isolation is meant to come about
/// (``CatalogRule``); this sees whether it does.
package struct IsolationProbe: ~Copyable {
    package enum Attempt: String, Sendable, CaseIterable {
        /// Without a business or person: nothing may be seen.
        case unset
        /// See the other's rows.
        case read
        /// Add one in the other's name.
        case insert
        /// Change the other's.
        case update
        /// Give an own row to the other. Refused twice over: a row that one names in WHERE must also be one that one sees.
        case move
        /// Delete the other's.
        case delete
        /// Add one that is there already, and change it.
        case upsert
        /// Tie an own row to one of the other's.
        case reference
    }

    package enum Outcome: Sendable, Equatable {
        case held
        /// The role may not even try.
        case notGranted
        /// There is nothing to try.
        case notApplicable
        case broken(String)
    }

    package struct Result: Sendable, Equatable {
        package let table: String, attempt: Attempt, outcome: Outcome
    }

    private struct Table {
        let name: String
        /// The column that says whose a row is; nil for tables that nobody may enter.
        let owner: String?
        let primaryKey: String
    }

    private let connection: AdminConnection
    private let own = ProbeRow.Side(), other = ProbeRow.Side()

    /// - Parameter url: for the role that serves.
    /// - Throws: `AdminError`, also when this role is none that row security binds.
    package static func run(url: Secret<String>) throws -> [Result] {
        try IsolationProbe(connection: AdminConnection(url: url)).run()
    }

    private init(connection: consuming AdminConnection) { self.connection = connection }

    private borrowing func run() throws -> [Result] {
        guard try connection.isBoundByRowSecurity() else {
            throw AdminError(
                sqlState: "", message: "The probe must run as the role that serves. Set DATABASE_URL for unnati_app.")
        }
        let tables = try tables()
        try connection.run("BEGIN")
        // Before anything is set in this session, a setting is NULL; afterwards it is empty.
        var results: [Result] = []
        for table in tables where table.owner != nil { results.append(try unset(table)) }
        try makeRows()
        for table in tables { results += try attempts(on: table) }
        try connection.run("ROLLBACK")
        return results
    }

    private borrowing func tables() throws -> [Table] {
        try connection.run(
            """
            SELECT c.relname, split_part(obj_description(c.oid, 'pg_class'), ':', 1),
                   (SELECT string_agg(a.attname, ', ') FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
                    WHERE i.indrelid = c.oid AND i.indisprimary)
            FROM pg_class c WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
            """
        ).compactMap { row in
            guard row.count == 3, let name = row[0], let kind = row[1], kind != "operational" else { return nil }
            let owner = kind == "tenant" ? "tenant_id" : kind == "person" ? "user_id" : nil
            return Table(name: name, owner: owner, primaryKey: row[2] ?? "")
        }
    }

    private borrowing func makeRows() throws {
        for side in [other, own] {
            try enter(side)
            for row in ProbeRow.all { try connection.run(row.insert(for: side, number: 1)) }
        }
    }

    private borrowing func enter(_ side: ProbeRow.Side?) throws {
        try connection.run(
            """
            SELECT set_config('app.tenant_id', '\(side?.tenant.hex ?? "")', true), set_config('app.user_id', '\(side?.user.hex ?? "")', true)
            """)
    }

    // MARK: - Attempts

    private borrowing func attempts(on table: Table) throws -> [Result] {
        guard let owner = table.owner else { return try directory(table) }
        guard !ProbeRow.writtenByTheOwner.contains(table.name) else { return try readOnly(table, owner) }
        guard let row = ProbeRow.all.first(where: { $0.table == table.name }) else {
            return [Result(table: table.name, attempt: .read, outcome: .broken("has no row to try with"))]
        }
        let (mine, theirs) = owner == "tenant_id" ? (own.tenant, other.tenant) : (own.user, other.user)
        let name = "app.\(table.name)", isTheirs = "\(owner) = '\(theirs.hex)'", isMine = "\(owner) = '\(mine.hex)'"
        let none = Self.none, refused = Self.refused("42501")

        try enter(own)
        var results: [Result] = []
        func note(_ attempt: Attempt, _ answer: Answer, _ judge: (Answer) -> String?) {
            let outcome = Self.outcome(of: answer, judge)
            results.append(Result(table: table.name, attempt: attempt, outcome: outcome))
        }
        // Who does not even see its own has proved nothing by not seeing the other's.
        let visible = try ask("SELECT count(*) FROM \(name) WHERE \(isMine)")
        note(.read, visible) { if case .count(1...) = $0 { nil } else { "its own rows: \($0)" } }
        if results[0].outcome == .held {
            results = []
            note(.read, try ask("SELECT count(*) FROM \(name) WHERE (\(isMine)) IS NOT TRUE"), none)
        }
        note(.insert, try ask(row.insert(for: other, number: 2)), refused)
        note(.update, try ask(counting: "UPDATE \(name) SET \(owner) = \(owner) WHERE \(isTheirs)"), none)
        note(.move, try ask(counting: "UPDATE \(name) SET \(owner) = '\(theirs.hex)' WHERE \(isMine)"), refused)
        note(.delete, try ask(counting: "DELETE FROM \(name) WHERE \(isTheirs)"), none)
        note(
            .upsert,
            try ask(
                "\(row.insert(for: other, number: 1)) ON CONFLICT (\(table.primaryKey)) DO UPDATE SET \(owner) = excluded.\(owner)"
            ), refused)
        if let crossing = row.insertCrossing(from: own.renewed, to: other) {
            note(.reference, try ask(crossing), Self.refused("23503"))
        } else {
            results.append(Result(table: table.name, attempt: .reference, outcome: .notApplicable))
        }
        try enter(nil)
        note(.unset, try ask("SELECT count(*) FROM \(name)"), none)
        return results
    }

    private borrowing func unset(_ table: Table) throws -> Result {
        let answer = try ask("SELECT count(*) FROM app.\(table.name)")
        return Result(table: table.name, attempt: .unset, outcome: Self.outcome(of: answer, Self.none))
    }

    // MARK: - Judging

    private static func outcome(of answer: Answer, _ judge: (Answer) -> String?) -> Outcome {
        answer.isNotGranted ? .notGranted : judge(answer).map { .broken($0) } ?? .held
    }

    /// What is wrong unless no row was reached.
    private static func none(_ answer: Answer) -> String? {
        if case .count(0) = answer { nil } else { "reached \(answer)" }
    }

    /// What is wrong unless PostgreSQL refused, by row security or by a foreign key.
    private static func refused(_ state: String) -> (Answer) -> String? {
        { answer in if case .error(state, _) = answer { nil } else { "was not refused: \(answer)" } }
    }

    /// Whoever serves reads their own there and writes nothing.
    private borrowing func readOnly(_ table: Table, _ owner: String) throws -> [Result] {
        let name = "app.\(table.name)", isMine = "\(owner) = '\((owner == "tenant_id" ? own.tenant : own.user).hex)'"
        try enter(own)
        let others = try ask("SELECT count(*) FROM \(name) WHERE (\(isMine)) IS NOT TRUE")
        var results = [Result(table: table.name, attempt: .read, outcome: Self.outcome(of: others, Self.none))]
        results += try refusals(on: table)
        try enter(nil)
        results.append(try unset(table))
        return results
    }

    /// What must not be granted at all.
    private borrowing func refusals(on table: Table) throws -> [Result] {
        try [
            (Attempt.insert, "INSERT INTO app.\(table.name) DEFAULT VALUES"),
            (.delete, "DELETE FROM app.\(table.name)"),
        ].map { attempt, sql in
            let answer = try ask(sql)
            return Result(
                table: table.name, attempt: attempt,
                outcome: answer.isNotGranted ? .notGranted : .broken("was not refused: \(answer)"))
        }
    }

    /// Nobody who serves may touch these.
    private borrowing func directory(_ table: Table) throws -> [Result] {
        try enter(own)
        let seen = try ask("SELECT count(*) FROM app.\(table.name)")
        let outcome = seen.isNotGranted ? Outcome.notGranted : .broken("was not refused: \(seen)")
        return [Result(table: table.name, attempt: .read, outcome: outcome)] + (try refusals(on: table))
    }

    // MARK: - Asking

    private enum Answer: CustomStringConvertible {
        case count(Int)
        case error(String, String)

        /// Refused before any row was looked at.
        var isNotGranted: Bool {
            if case .error("42501", let message) = self { message.contains("permission denied") } else { false }
        }

        var description: String {
            switch self {
            case .count(let rows): "\(rows) row(s)"
            case .error(let state, _): "error \(state)"
            }
        }
    }

    /// Runs a change and counts the rows it touched.
    private borrowing func ask(counting change: String) throws -> Answer {
        try ask("WITH touched AS (\(change) RETURNING 1) SELECT count(*) FROM touched")
    }

    /// Undone whatever it does.
    private borrowing func ask(_ sql: String) throws -> Answer {
        try connection.run("SAVEPOINT attempt")
        let answer: Answer
        do {
            answer = .count(try connection.run(sql).first?.first.flatMap { $0.flatMap { Int($0) } } ?? 0)
        } catch let error as AdminError { answer = .error(error.sqlState, error.message) }
        try connection.run("ROLLBACK TO SAVEPOINT attempt")
        return answer
    }
}
