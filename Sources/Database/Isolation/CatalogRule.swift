// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// One promise about the schema and its roles, asked of PostgreSQL's own catalog, so that a new table is covered by being
/// there. Any role may ask: the catalog is readable to all.
package struct CatalogRule: Sendable {
    /// Lower-case words, stable: scripts compare with it.
    package let name: String
    /// What holds when nothing is found, with what to do where it does not.
    package let promise: String
    /// Whether a server refuses to start without it. The others cost speed, not isolation.
    package let isRequiredToServe: Bool
    /// Rows of two texts: an object, and what is wrong with it. May use the tables that ``prelude`` names.
    fileprivate let query: String

    init(_ name: String, _ promise: String, isRequiredToServe: Bool = true, _ query: String) {
        self.name = name
        self.promise = promise
        self.isRequiredToServe = isRequiredToServe
        self.query = query
    }

    package static let all = kindRules + keyRules + policyRules + functionRules + roleRules + citusRules

    /// What a rule has found.
    package struct Finding: Sendable, Equatable {
        package let rule: String, object: String, problem: String
    }

    /// Asks all rules in one statement.
    /// - Throws: `AdminError`.
    package static func findings(
        of rules: [CatalogRule] = all, on connection: borrowing AdminConnection
    ) throws -> [Finding] {
        let parts = rules.enumerated().map { number, rule in
            "SELECT \(number) AS number, '\(rule.name)' AS rule, found.* FROM (\(rule.query)) AS found (object, problem)"
        }
        let text = prelude + parts.joined(separator: "\nUNION ALL ") + "\nORDER BY number, object, problem"
        return try connection.run(text).compactMap { row in
            guard row.count == 4, let rule = row[1], let object = row[2], let problem = row[3] else { return nil }
            return Finding(rule: rule, object: object, problem: problem)
        }
    }

    /// `tables`: those of schema `app` with the kind their comment states. `serving`: the roles that come in from outside
    /// with requests, jobs or questions. `definers`: the roles that own SECURITY DEFINER functions.
    private static let prelude = """
        WITH tables AS (
            SELECT c.oid, c.relname::text AS name, c.relrowsecurity AS is_secured, c.relforcerowsecurity AS is_forced,
                   coalesce(substring(obj_description(c.oid, 'pg_class') FROM '^(tenant|person|directory|operational): .'), '') AS kind
            FROM pg_class c
            WHERE c.relnamespace = to_regnamespace('app') AND c.relkind IN ('r', 'p')
        ), serving AS (
            SELECT r.oid, r.rolname::text AS name FROM pg_roles r
            WHERE r.rolname IN ('unnati_app', 'unnati_worker', 'unnati_readonly')
        ), definers AS (
            SELECT r.oid, r.rolname::text AS name FROM pg_roles r WHERE r.rolname IN ('unnati_search', 'unnati_directory')
        )

        """
}
