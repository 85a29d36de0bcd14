// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What an operator sees of the queue and does with it, over a connection of its own as `unnati_worker`.
package struct JobBoard: ~Copyable {
    package struct Entry: Sendable {
        package let id: JobID, tenantID: TenantID
        package let kind: String, state: JobState
        package let attempt: Int, maximumAttempts: Int
        package let runAt: String, createdAt: String
        package let progress: Int?
        package let failure: String?
        /// Host and process of its worker.
        package let worker: String?
        package let arguments: String
        /// Of the request that asked for it.
        package let trace: TraceContext?
    }

    package enum Mistake: Error, CustomStringConvertible {
        case unknown(JobID)
        case wrongState(JobID, JobState)
        case hasTwin(JobID)

        package var description: String {
            switch self {
            case .unknown(let id): "There is no \(id): it is done, or was never asked for."
            case .wrongState(let id, let state): "\(id) is \(state.rawValue); nothing was changed."
            case .hasTwin(let id): "Another job with the key of \(id) waits or runs; nothing was changed."
            }
        }
    }

    private let connection: AdminConnection

    /// - Throws: `AdminError`.
    package init(url: Secret<String>) throws { connection = try AdminConnection(url: url) }

    // MARK: - Seeing

    /// Those that wait, run, or have gone wrong; the newest first.
    package borrowing func list(_ state: JobState?, kind: String?, limit: Int) throws -> [Entry] {
        try connection.run(
            Self.columns + """
                 WHERE ($1 = '' OR j.state = $1) AND ($2 = '' OR j.kind = $2)
                ORDER BY j.created_at DESC, j.id DESC LIMIT $3::bigint
                """, [state?.rawValue ?? "", kind ?? "", "\(limit)"]
        ).compactMap(Self.entry)
    }

    /// - Throws: ``Mistake/unknown(_:)``.
    package borrowing func find(_ id: JobID) throws -> Entry {
        guard let row = try connection.run(Self.columns + " WHERE j.id = $1::uuid", [id.uuid.hex]).first,
            let entry = Self.entry(row)
        else { throw Mistake.unknown(id) }
        return entry
    }

    /// How many there are of each kind in each state, and which kinds are paused.
    package borrowing func overview() throws -> (
        counts: [(kind: String, state: JobState, count: Int)], paused: [String]
    ) {
        let counts = try connection.run(
            "SELECT kind, state, count(*) FROM app.jobs GROUP BY kind, state ORDER BY kind, state"
        )
        .compactMap { row -> (kind: String, state: JobState, count: Int)? in
            guard row.count == 3, let kind = row[0], let state = row[1].flatMap({ JobState(rawValue: $0) }),
                let count = row[2].flatMap({ Int($0) })
            else { return nil }
            return (kind, state, count)
        }
        return (
            counts, try connection.run("SELECT kind FROM app.job_pauses ORDER BY kind").compactMap { $0.first ?? nil }
        )
    }

    /// Those that live: host, process and how many jobs they have in hand.
    package borrowing func workers() throws -> [(name: String, seen: String, jobs: String)] {
        try connection.run(
            """
            SELECT w.host || ' process ' || w.process, date_trunc('second', now() - w.heartbeat_at)::text,
                   (SELECT count(*) FROM app.jobs AS j WHERE j.state = 'running' AND j.worker_id = w.id)
            FROM app.job_workers AS w ORDER BY 1
            """
        ).map { ($0[0] ?? "", $0[1] ?? "", $0[2] ?? "") }
    }

    private static let columns = """
        SELECT j.id, j.tenant_id, j.kind, j.state, j.attempt, j.maximum_attempts,
               to_char(j.run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               j.progress, j.failure, w.host || ' process ' || w.process, j.arguments, j.trace
        FROM app.jobs AS j LEFT JOIN app.job_workers AS w ON w.id = j.worker_id
        """

    private static func entry(_ row: [String?]) -> Entry? {
        func identifier<Kind>(_ text: String?) -> Identifier<Kind>? {
            text.flatMap { UUIDv7(hex: $0.filter { $0 != "-" }) }.map { Identifier($0) }
        }
        guard row.count == 13, let id: JobID = identifier(row[0]), let tenant: TenantID = identifier(row[1]),
            let kind = row[2], let state = row[3].flatMap({ JobState(rawValue: $0) }),
            let attempt = row[4].flatMap({ Int($0) }), let maximum = row[5].flatMap({ Int($0) }),
            let runAt = row[6], let createdAt = row[7], let arguments = row[11]
        else { return nil }
        return Entry(
            id: id, tenantID: tenant, kind: kind, state: state, attempt: attempt, maximumAttempts: maximum,
            runAt: runAt,
            createdAt: createdAt, progress: row[8].flatMap { Int($0) }, failure: row[9], worker: row[10],
            arguments: arguments, trace: row[12].flatMap { TraceContext($0) })
    }

    // MARK: - Doing

    private static let anew =
        "UPDATE app.jobs SET state = 'available', attempt = 0, run_at = now(), finished_at = NULL, is_cancelling = false"

    /// Has it done anew, with all its attempts: what is dead or cancelled, or waits for its time.
    /// - Throws: ``Mistake``.
    package borrowing func retry(_ id: JobID) throws {
        let changed: [[String?]]
        do {
            changed = try connection.run(
                Self.anew + """
                     WHERE id = $1::uuid AND state IN ('dead', 'cancelled', 'scheduled') RETURNING id
                    """, [id.uuid.hex])
        } catch let error as AdminError where error.sqlState == "23505" {
            throw Mistake.hasTwin(id)
        }
        if changed.isEmpty { throw Mistake.wrongState(id, try find(id).state) }
    }

    /// The same for all that are dead of a kind, or of every kind; of those with one key the last, and none while another with
    /// that key waits or runs.
    /// - Returns: how many.
    package borrowing func retryDead(kind: String?) throws -> Int {
        try connection.run(
            Self.anew + """
                 WHERE (tenant_id, id) IN (
                    SELECT DISTINCT ON (tenant_id, kind, coalesce(unique_key, id::text)) tenant_id, id FROM app.jobs AS d
                    WHERE state = 'dead' AND ($1 = '' OR kind = $1) AND NOT EXISTS (
                        SELECT FROM app.jobs AS l WHERE l.tenant_id = d.tenant_id AND l.kind = d.kind AND l.unique_key = d.unique_key
                          AND l.state IN ('scheduled', 'available', 'running', 'paused'))
                    ORDER BY tenant_id, kind, coalesce(unique_key, id::text), created_at DESC)
                RETURNING id
                """, [kind ?? ""]
        ).count
    }

    /// What waits is cancelled at once, what runs is told to stop.
    /// - Returns: whether it is over.
    /// - Throws: ``Mistake``.
    package borrowing func cancel(_ id: JobID) throws -> Bool {
        let changed = try connection.run(
            """
            UPDATE app.jobs SET
                is_cancelling = state = 'running', finished_at = CASE WHEN state <> 'running' THEN now() END,
                state = CASE WHEN state = 'running' THEN state ELSE 'cancelled' END
            WHERE id = $1::uuid AND state IN ('scheduled', 'available', 'running', 'paused') RETURNING state
            """, [id.uuid.hex])
        guard let state = changed.first?.first else { throw Mistake.wrongState(id, try find(id).state) }
        return state == JobState.cancelled.rawValue
    }

    /// No more jobs of a kind are begun, on any worker, within some seconds.
    package borrowing func pause(_ kind: String) throws {
        try connection.run("INSERT INTO app.job_pauses (kind) VALUES ($1) ON CONFLICT DO NOTHING", [kind])
    }

    /// - Returns: how many go on at once; workers bring the rest.
    package borrowing func resume(_ kind: String) throws -> Int {
        try connection.run("DELETE FROM app.job_pauses WHERE kind = $1", [kind])
        return try connection.run(
            """
            UPDATE app.jobs SET state = 'available' WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE kind = $1 AND state = 'paused' LIMIT 10000 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """, [kind]
        ).count
    }
}
