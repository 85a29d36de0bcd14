// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension MigrationLint {
    /// What is slow, stands in others' way or is hard to live with later.
    static let costRules = [
        Rule(name: "index_locks", severity: .warning) { situation in
            var words = WordCursor(situation.words)
            guard words.take("create") else { return nil }
            words.take("unique")
            guard words.take("index"), words.next != "concurrently", words.skip(past: "on") else { return nil }
            words.take("only")
            guard let table = words.takeName(), !situation.created.contains(table) else { return nil }
            return
                "Nobody writes to \(table) while its index is built: use CREATE INDEX CONCURRENTLY in a `-- no-transaction` file."
        },
        Rule(name: "constraint_scan", severity: .warning) { situation in
            guard let (table, actions) = situation.alteration else { return nil }
            let scans = actions.contains {
                $0.first == "add" && ($0.contains("check") || $0.contains("references"))
                    && !$0.contains(inARow: "not", "valid") && $0.dropFirst().first != "column"
            }
            guard scans else { return nil }
            return
                "\(table) is locked while all its rows are looked at: add the constraint NOT VALID, and VALIDATE it in a later file."
        },
        Rule(name: "table_rewrite", severity: .warning) { situation in
            guard let (table, actions) = situation.alteration else { return nil }
            let rewrites = actions.contains {
                $0.first == "alter" && $0.contains("type") || $0.starts(with: ["set", "tablespace"])
                    || $0.starts(with: ["set", "logged"]) || $0.starts(with: ["set", "unlogged"])
                    || $0.first == "add"
                        && !Set($0).isDisjoint(with: ["gen_random_uuid", "clock_timestamp", "random", "stored"])
            }
            return rewrites
                ? "\(table) is written anew while nobody can use it: add a column and fill it in steps." : nil
        },
        Rule(name: "whole_table_write", severity: .warning) { situation in
            let words = situation.words
            guard words.first == "update" || words.starts(with: ["delete", "from"]), !words.contains("where") else {
                return nil
            }
            return
                "Every row is locked and written in one transaction: go through the table in steps, in a `-- no-transaction` file."
        },
        Rule(name: "insert_select", severity: .warning) { situation in
            let words = situation.words
            guard words.starts(with: ["insert", "into"]), words.contains("select"), !words.contains("values") else {
                return nil
            }
            return "Citus refuses INSERT … SELECT into a distributed table: write VALUES."
        },
        Rule(name: "types", severity: .warning) { situation in
            guard situation.words.starts(with: ["create", "table"]) || situation.alteration != nil else { return nil }
            let better = [
                "varchar": "text", "char": "text", "timestamp": "timestamptz",
                "serial": "bigint GENERATED ALWAYS AS IDENTITY",
                "bigserial": "bigint GENERATED ALWAYS AS IDENTITY", "json": "jsonb", "money": "bigint of paise",
                "real": "numeric",
                "timetz": "timestamptz",
            ]
            for (word, previous) in zip(situation.words.dropFirst(), situation.words) {
                if let advice = better[word], previous != ".", previous != "(", previous != "," {
                    return "Write \(advice) where it says \(word)."
                }
            }
            return nil
        },
        Rule(name: "full_names", severity: .warning) { situation in
            let tables = TableLock.of(situation.statement).map(\.table)
            var words = WordCursor(situation.words), made: [String] = []
            if words.take("create", "table") {
                words.take("if", "not", "exists")
                if let name = words.takeName() { made = [name] }
            }
            guard let bare = (made + tables).first(where: { !$0.contains(".") }) else { return nil }
            return "Which schema \(bare) is in depends on who runs the file: write app.\(bare)."
        },
        Rule(name: "timeouts", severity: .warning) { situation in
            guard situation.directives.isTransactional, situation.directives.lockTimeout == nil,
                situation.isFirst, !situation.words.contains("lock_timeout")
            else { return nil }
            return "Run with psql, this would wait for locks without end: begin with SET LOCAL lock_timeout = '2s'."
        },
    ]
}
