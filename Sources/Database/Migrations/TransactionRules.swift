// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension MigrationLint {
    /// What makes a file whole or not at all.
    static let transactionRules = [
        Rule(name: "transaction_control", severity: .error) { situation in
            let words = situation.words
            let controls: Set = ["begin", "commit", "rollback", "start", "end", "abort"]
            guard let first = words.first, controls.contains(first), !words.contains("savepoint") else { return nil }
            return
                "\(first.uppercased()) would end the transaction in which the file and its record stand: leave it out."
        },
        Rule(name: "needs_no_transaction", severity: .error) { situation in
            guard situation.directives.isTransactional, isRefusedInTransaction(situation.words) else { return nil }
            return
                "PostgreSQL refuses this inside a transaction: move it to a file of its own that begins with `-- no-transaction`."
        },
        Rule(name: "repeatable", severity: .error) { situation in
            guard !situation.directives.isTransactional, !isRepeatable(situation.words) else { return nil }
            return
                "Without a transaction a file may stop half-way and is run again: write IF NOT EXISTS, IF EXISTS or ON CONFLICT."
        },
        Rule(name: "session_settings", severity: .error) { situation in
            guard situation.directives.isTransactional, situation.words.first == "set",
                !situation.words.starts(with: ["set", "local"]), !situation.words.starts(with: ["set", "constraints"])
            else { return nil }
            return "SET outlives the file and reaches the next: write SET LOCAL."
        },
    ]

    private static func isRefusedInTransaction(_ words: [String]) -> Bool {
        if words.first == "vacuum" || words.starts(with: ["alter", "system"]) { return true }
        if ["create", "drop"].contains(words.first), words.dropFirst().first == "database" { return true }
        return ["create", "drop", "reindex", "alter"].contains(words.first)
            && (words.contains(inARow: "index", "concurrently") || words.contains(inARow: "table", "concurrently")
                || words.last == "concurrently")
    }

    private static func isRepeatable(_ words: [String]) -> Bool {
        switch words.first {
        case "create": words.contains(inARow: "if", "not", "exists") || words.contains(inARow: "or", "replace")
        case "drop": words.contains(inARow: "if", "exists")
        case "insert": words.contains(inARow: "on", "conflict")
        case "alter":
            !words.contains("add") && !words.contains("drop") && !words.contains("rename")
                || words.contains(inARow: "if", "not", "exists") || words.contains(inARow: "if", "exists")
        default: true
        }
    }
}
