// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A lock that a statement will hold on a table until its transaction ends, told from the statement's text (PostgreSQL
/// manual, 13.3.1 "Table-Level Locks" and the pages of the commands). Locks that readers take are left out: they stand in
/// nobody's way but a DROP's.
package struct TableLock: Sendable, Hashable {
    package enum Mode: Int, Sendable, Comparable, CaseIterable {
        case rowExclusive, shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive

        package static func < (one: Mode, other: Mode) -> Bool { one.rawValue < other.rawValue }

        package var name: String {
            switch self {
            case .rowExclusive: "ROW EXCLUSIVE"
            case .shareUpdateExclusive: "SHARE UPDATE EXCLUSIVE"
            case .share: "SHARE"
            case .shareRowExclusive: "SHARE ROW EXCLUSIVE"
            case .exclusive: "EXCLUSIVE"
            case .accessExclusive: "ACCESS EXCLUSIVE"
            }
        }

        /// What it means for those who use the table.
        package var effect: String {
            switch self {
            case .rowExclusive, .shareUpdateExclusive: "others read and write"
            case .share, .shareRowExclusive, .exclusive: "others read, nobody writes"
            case .accessExclusive: "nobody reads or writes"
            }
        }
    }

    package let mode: Mode
    /// With its schema, as the statement writes it.
    package let table: String

    /// The strongest lock on each table, in order of name.
    package static func of(_ statement: SQLStatement) -> [TableLock] {
        var strongest: [String: Mode] = [:]
        for lock in all(WordCursor(statement.words)) {
            strongest[lock.table] = max(lock.mode, strongest[lock.table] ?? lock.mode)
        }
        return strongest.map { TableLock(mode: $0.value, table: $0.key) }.sorted { $0.table < $1.table }
    }

    private static func all(_ start: WordCursor) -> [TableLock] {
        var words = start
        switch words.takeWord() {
        case "alter": return alter(words)
        case "create": return create(words)
        case "drop": return drop(words)
        case "comment":
            guard words.take("on") else { return [] }
            if words.take("table") { return lock(.shareUpdateExclusive, words.takeName()) }
            if words.take("column"), let name = words.takeName() {
                return lock(.shareUpdateExclusive, name.split(separator: ".").dropLast().joined(separator: "."))
            }
            return []
        case "insert": return words.take("into") ? lock(.rowExclusive, words.takeName()) : []
        case "update":
            words.take("only")
            return lock(.rowExclusive, words.takeName())
        case "delete":
            guard words.take("from") else { return [] }
            words.take("only")
            return lock(.rowExclusive, words.takeName())
        case "truncate":
            words.take("table")
            return words.list().compactMap { item in
                var item = WordCursor(item)
                item.take("only")
                return item.takeName().map { TableLock(mode: .accessExclusive, table: $0) }
            }
        case "lock":
            words.take("table")
            words.take("only")
            guard let table = words.takeName() else { return [] }
            let mode = words.take("in") ? words.rest.prefix { $0 != "mode" }.joined(separator: " ").uppercased() : ""
            guard !["ACCESS SHARE", "ROW SHARE"].contains(mode) else { return [] }
            return lock(Mode.allCases.first { $0.name == mode } ?? .accessExclusive, table)
        case "reindex":
            guard words.take("table") else { return [] }
            return lock(words.take("concurrently") ? .shareUpdateExclusive : .share, words.takeName())
        case "cluster": return lock(.accessExclusive, words.takeName())
        case "analyze":
            words.take("verbose")
            return lock(.shareUpdateExclusive, words.takeName())
        case "vacuum":
            let isFull = words.rest.contains("full")
            while words.takeAny(of: ["full", "freeze", "verbose", "analyze", "(", ")", ","]) != nil {}
            return lock(isFull ? .accessExclusive : .shareUpdateExclusive, words.takeName())
        default: return []
        }
    }

    private static func lock(_ mode: Mode, _ table: String?) -> [TableLock] {
        table.map { [TableLock(mode: mode, table: $0)] } ?? []
    }

    private static func create(_ start: WordCursor) -> [TableLock] {
        var words = start
        if words.take("table") {
            // The new table is nobody's yet; those it refers to are.
            return references(in: Array(words.rest)).map { TableLock(mode: .shareRowExclusive, table: $0) }
        }
        if words.take("policy") { return words.skip(past: "on") ? lock(.accessExclusive, words.takeName()) : [] }
        words.take("or", "replace")
        words.take("constraint")
        if words.take("trigger") { return words.skip(past: "on") ? lock(.shareRowExclusive, words.takeName()) : [] }
        words.take("unique")
        guard words.take("index") else { return [] }
        let mode: Mode = words.take("concurrently") ? .shareUpdateExclusive : .share
        guard words.skip(past: "on") else { return [] }
        words.take("only")
        return lock(mode, words.takeName())
    }

    private static func drop(_ start: WordCursor) -> [TableLock] {
        var words = start
        if let kind = words.takeAny(of: ["policy", "trigger"]) {
            guard !kind.isEmpty, words.skip(past: "on") else { return [] }
            return lock(.accessExclusive, words.takeName())
        }
        guard words.take("table") else { return [] }
        words.take("if", "exists")
        return words.list().compactMap { item in
            var item = WordCursor(item)
            return item.takeName().map { TableLock(mode: .accessExclusive, table: $0) }
        }
    }

    private static func alter(_ start: WordCursor) -> [TableLock] {
        var words = start
        if words.take("policy") { return words.skip(past: "on") ? lock(.accessExclusive, words.takeName()) : [] }
        guard words.take("table") else { return [] }
        words.take("if", "exists")
        words.take("only")
        guard let table = words.takeName() else { return [] }
        let actions = words.list()
        let mode = actions.map(mode(ofAction:)).max() ?? .accessExclusive
        let targets = actions.flatMap(references(in:)).map { TableLock(mode: .shareRowExclusive, table: $0) }
        return lock(mode, table) + targets
    }

    private static func mode(ofAction action: [String]) -> Mode {
        if action.starts(with: ["validate", "constraint"]) { return .shareUpdateExclusive }
        if action.starts(with: ["set", "("]) || action.starts(with: ["reset", "("]) { return .shareUpdateExclusive }
        if action.starts(with: ["cluster", "on"]) || action.starts(with: ["set", "without", "cluster"]) {
            return .shareUpdateExclusive
        }
        if action.starts(with: ["attach", "partition"]) { return .shareUpdateExclusive }
        if action.first == "alter", action.contains(inARow: "set", "statistics") { return .shareUpdateExclusive }
        if action.first == "add", action.contains(inARow: "foreign", "key") { return .shareRowExclusive }
        if action.count > 1, ["enable", "disable"].contains(action[0]), action.contains("trigger") {
            return .shareRowExclusive
        }
        return .accessExclusive
    }

    private static func references(in words: [String]) -> [String] {
        var words = WordCursor(words), names: [String] = []
        while words.skip(past: "references") { if let name = words.takeName() { names.append(name) } }
        return names
    }
}
