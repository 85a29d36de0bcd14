// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import TestSupport
import Testing

@Suite struct SQLStatementTests {
    @Test(arguments: [
        ("", []),
        ("  -- nothing\n;;/* no /* thing */ ; */ ;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', \"a;b\", E'\\';', 'it''s;' ; SELECT 2", ["SELECT ';', \"a;b\", E'\\';', 'it''s;'", "SELECT 2"]),
        ("DO $$ BEGIN x; END $$; SELECT $a$ ; $$ ; $a$", ["DO $$ BEGIN x; END $$", "SELECT $a$ ; $$ ; $a$"]),
        ("SELECT $1; SELECT a$b$; SELECT 3", ["SELECT $1", "SELECT a$b$", "SELECT 3"]),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            [
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                "SELECT 3",
            ]
        ),
        ("SELECT (1;2); SELECT 3", ["SELECT (1;2)", "SELECT 3"]),
        ("SELECT 'never ends; SELECT 2", ["SELECT 'never ends; SELECT 2"]),
        ("SELECT $x$ never; ends", ["SELECT $x$ never; ends"]),
        ("SELECT /* never; ends", ["SELECT"]),
        ("SELECT 1) ; SELECT 2", ["SELECT 1)", "SELECT 2"]),
        ("$", ["$"]), ("'", ["'"]), ("\"", ["\""]), ("E'\\", ["E'\\"]), ("सुरेश; x", ["सुरेश", "x"]),
    ])
    func aTextIsSplitWherePsqlSplitsIt(_ text: String, _ expected: [String]) {
        #expect(SQLStatement.all(in: text).map(\.text) == expected)
    }

    @Test func wordsAndLinesAreWhatPostgreSQLReads() {
        let statement = SQLStatement.all(
            in: "-- first\n\nALTER TABLE app.\"Odd Name\" -- here\n  ADD x Text DEFAULT 'A';")[0]

        #expect(statement.line == 3)
        #expect(statement.words == ["alter", "table", "app", ".", "Odd Name", "add", "x", "text", "default", "'A'"])
    }
}

/// Two ways to print one condition are one line of a fingerprint.
@Suite struct FingerprintTests {
    @Test func aConditionIsTheSameHoweverItsParenthesesStand() async throws {
        try await TestDatabase.run { database in
            let connection = try AdminConnection(url: database.url("unnati_owner"))
            func lines(_ condition: String) throws -> [String] {
                try connection.run("BEGIN; ALTER TABLE app.rate_buckets ADD CONSTRAINT x CHECK (\(condition))")
                defer { _ = try? connection.run("ROLLBACK") }
                return try SchemaFingerprint.take(of: connection).lines.filter { $0.contains("rate_buckets.x") }
            }
            let a = "length(policy) > 1", b = "is_refused", c = "policy <> 'a AND (b'"
            #expect(try lines("\(a) AND \(b) AND \(c)") == lines("(\(a) AND \(b)) AND \(c)"))
            #expect(try lines("\(a) AND \(b) AND \(c)") == lines("\(a) AND (\(b) AND \(c))"))
            #expect(try lines("\(a) OR (\(b) OR \(c))") == lines("\(a) OR \(b) OR \(c)"))
            #expect(try lines("\(a) AND \(b) OR \(c)") != lines("\(a) AND (\(b) OR \(c))"))
            #expect(try lines("NOT (\(a) AND \(b)) AND \(c)") != lines("NOT \(a) AND \(b) AND \(c)"))
            #expect(try lines("\(a) AND \(b)") != lines("\(b) AND \(a)"))
        }
    }
}
