// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension MigrationLint {
    /// What the build that is at work would not survive. It belongs into a contract file, to be applied when that build is
    /// gone.
    static let phaseRules = [
        Rule(name: "contract_only", severity: .error) { situation in
            guard situation.directives.phase == .expand, let breach = breach(of: situation) else { return nil }
            return
                "\(breach): servers at work would fail. Begin the file with `-- phase: contract`, and let the build before it do without."
        },
        Rule(name: "expand_only", severity: .error) { situation in
            guard situation.directives.phase == .contract, situation.words.starts(with: ["create", "table"]) else {
                return nil
            }
            return "What a build needs is added before it is deployed: move the new table into an expand file."
        },
    ]

    private static func breach(of situation: Situation) -> String? {
        dropped(situation) ?? revoked(situation)
            ?? situation.alteration?.actions.compactMap { breach(ofAction: $0) }.first
    }

    private static func dropped(_ situation: Situation) -> String? {
        var words = WordCursor(situation.words)
        if words.take("alter"), words.takeAny(of: ["view", "function", "type", "schema", "sequence"]) != nil,
            let name = words.takeName(), !situation.created.contains(name),
            words.rest.contains(inARow: "rename", "to") || words.rest.contains(inARow: "set", "schema")
        {
            return "\(name) gets another name"
        }
        words = WordCursor(situation.words)
        guard words.take("drop"),
            let kind = words.takeAny(of: [
                "table", "view", "function", "procedure", "type", "domain", "schema", "sequence",
            ])
        else { return nil }
        words.take("if", "exists")
        guard let name = words.takeName(), !situation.created.contains(name) else { return nil }
        return "The \(kind) \(name) goes away"
    }

    private static func revoked(_ situation: Situation) -> String? {
        let words = situation.words
        guard words.first == "revoke", let from = words.lastIndex(of: "from"),
            let role = words[from...].first(where: { ["unnati_app", "unnati_worker"].contains($0) }),
            situation.created.isDisjoint(with: names(in: words))
        else { return nil }
        return "\(role) loses a right"
    }

    /// Every name with a schema among the words.
    private static func names(in words: [String]) -> [String] {
        words.indices.filter { words[$0] == "." && $0 > 0 && $0 + 1 < words.count }
            .map { words[$0 - 1] + "." + words[$0 + 1] }
    }

    private static func breach(ofAction action: [String]) -> String? {
        if action.first == "rename" { return "A table, column or constraint gets another name" }
        if action.starts(with: ["set", "schema"]) { return "The table moves to another schema" }
        if action.first == "drop", !["constraint", "expression"].contains(action.dropFirst().first ?? "") {
            return "A column goes away"
        }
        if action.first == "alter", action.contains("type") { return "A column gets another type" }
        if action.first == "alter", action.contains(inARow: "set", "not", "null") {
            return "A column may no longer be NULL"
        }
        if action.first == "alter", action.contains(inARow: "drop", "default") { return "A column loses its default" }
        let isColumn = !["constraint", "primary", "unique", "foreign", "check", "exclude"].contains(
            action.dropFirst().first ?? "")
        if action.first == "add", isColumn, action.contains(inARow: "not", "null"), !action.contains("default"),
            !action.contains("generated")
        {
            return "A column that must be filled is added without a default"
        }
        return nil
    }
}
