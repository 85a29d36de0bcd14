// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The months of the audit log: made ahead, and dropped when they have been kept for long enough. Done by the owner of the
/// schema, every now and then.
package struct AuditPartitions: ~Copyable {
    /// Logs are kept for at least a year (DPDP Rules 2025, rule 8); a month more, since a partition goes as a whole.
    package static let leastMonths = 13

    private let connection: AdminConnection

    /// - Parameter url: for the role `unnati_owner`.
    /// - Throws: `AdminError`.
    package init(url: Secret<String>) throws { connection = try AdminConnection(url: url) }

    /// - Parameters:
    ///   - ahead: months that have a partition before they begin.
    ///   - kept: whole months that stay, at least ``leastMonths``.
    /// - Returns: names of those that were made and those that were dropped.
    /// - Throws: `AdminError`.
    package borrowing func maintain(ahead: Int, kept: Int) throws -> (made: [String], dropped: [String]) {
        precondition(kept >= Self.leastMonths && ahead >= 1)
        try connection.run("SET lock_timeout = '5s'")
        // One at a time: what keeps one from being made keeps no other.
        let made = try (0...ahead).compactMap { month in
            try connection.run(
                "SELECT app.make_audit_partition((date_trunc('month', now()) + $1::int * interval '1 month')::date)",
                ["\(month)"]
            ).first?.first ?? nil
        }
        let old = try connection.run(
            """
            SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'app.audit_events'::regclass AND c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
              AND c.relname < 'audit_events_' || to_char(date_trunc('month', now()) - $1::int * interval '1 month', 'YYYY_MM')
            ORDER BY c.relname
            """, ["\(kept)"]
        ).compactMap { $0.first ?? nil }
        for name in old { try connection.run("DROP TABLE app.\(name)") }
        return (made, old)
    }
}
