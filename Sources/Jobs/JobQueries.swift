// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What the rest of the server asks for, as `unnati_app`.
enum JobQueries {
    static func insert(
        _ id: JobID, of tenant: TenantID, _ kind: String, arguments: String, _ priority: JobPriority, _ delay: Duration,
        maximumAttempts: Int, uniqueKey: String?, trace: String?
    ) -> Statement {
        let state = (delay > .zero ? JobState.scheduled : .available).rawValue
        return """
            INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts, unique_key, trace)
            VALUES (\(tenant), \(id), \(kind), \(arguments), \(priority.rawValue), \(state),
                    now() + \(delay.milliseconds) * interval '1 millisecond', \(maximumAttempts), \(uniqueKey), \(trace))
            ON CONFLICT DO NOTHING
            """
    }

    static func state(_ kind: String, of tenant: TenantID, uniqueKey: String) -> Query<JobState?> {
        .first(
            """
            SELECT state FROM app.jobs WHERE tenant_id = \(tenant) AND kind = \(kind) AND unique_key = \(uniqueKey)
            ORDER BY created_at DESC LIMIT 1
            """
        ) { row in
            guard let state = JobState(rawValue: try row.decode("state")) else {
                throw DatabaseError.decoding(column: "state")
            }
            return state
        }
    }

    static func insertSchedule(_ kind: String, of tenant: TenantID, every interval: Duration) -> Statement {
        """
        INSERT INTO app.job_schedules (tenant_id, kind, every, next_run_at)
        VALUES (\(tenant), \(kind), \(interval.milliseconds) * interval '1 millisecond',
                now() + \(interval.milliseconds) * interval '1 millisecond')
        ON CONFLICT DO NOTHING
        """
    }
}

/// A job in hand.
struct ClaimedJob: Sendable {
    let id: JobID
    let tenantID: TenantID
    let kind: String
    let arguments: String
    let attempt: Int
    let maximumAttempts: Int
    /// Of the request that asked for it.
    let trace: TraceContext?
    /// Since it could have begun.
    let waited: Duration
}

/// What a worker asks, as `unnati_worker`, of all businesses. Each statement is a transaction of its own: an attempt is counted for
/// good before its work begins.
enum JobClaimQueries {
    /// Takes jobs that are available, some from each business, beginning behind the one that was served last.
    ///
    /// The businesses are found by hopping from one to the next along the index, so what it costs does not grow with what
    /// waits.
    /// - Parameters:
    ///   - urgentOnly: only those of the first priority.
    ///   - places: how many at most.
    ///   - share: how many of one business at most.
    ///   - full: businesses that have enough under way here.
    ///   - held: jobs that this worker has in hand, which others may have taken from it when it was cut off for long.
    static func claim(
        for worker: UUIDv7, _ kinds: TextArray, urgentOnly: Bool, places: Int, share: Int, behind cursor: UUIDv7,
        full: TextArray, held: TextArray
    ) -> Query<[ClaimedJob]> {
        // Each has an index of its own.
        let isReady: Statement = urgentOnly ? "state = 'available' AND priority = 1" : "state = 'available'"
        var statement: Statement = "WITH RECURSIVE line AS ((SELECT tenant_id FROM app.jobs WHERE "
        statement += isReady
        statement += " AND tenant_id > \(cursor) ORDER BY tenant_id LIMIT 1) UNION ALL "
        statement += "SELECT next.tenant_id FROM line CROSS JOIN LATERAL (SELECT tenant_id FROM app.jobs WHERE "
        statement += isReady
        statement += """
             AND tenant_id > line.tenant_id ORDER BY tenant_id LIMIT 1) AS next
            ), picked AS (
                SELECT job.tenant_id, job.id
                FROM (SELECT tenant_id FROM line WHERE tenant_id <> ALL (\(full)::uuid[]) ) AS turn
                CROSS JOIN LATERAL (SELECT tenant_id, id FROM app.jobs WHERE 
            """
        statement += isReady
        statement += """
                 AND tenant_id = turn.tenant_id AND kind = ANY (\(kinds)) AND id <> ALL (\(held)::uuid[])
                    ORDER BY priority, run_at, id LIMIT \(share) FOR UPDATE SKIP LOCKED) AS job
                LIMIT \(places))
            UPDATE app.jobs AS jobs
            SET state = 'running', attempt = jobs.attempt + 1, worker_id = \(worker), started_at = now(), progress = NULL
            FROM picked WHERE jobs.tenant_id = picked.tenant_id AND jobs.id = picked.id
            RETURNING jobs.id, jobs.tenant_id, kind, arguments, attempt, maximum_attempts, trace,
                      (extract(epoch FROM now() - run_at) * 1000)::bigint AS waited
            """
        return .all(statement) { row in
            let id: JobID = try row.decode("id"), tenant: TenantID = try row.decode("tenant_id")
            let kind: String = try row.decode("kind"), arguments: String = try row.decode("arguments")
            let attempt: Int = try row.decode("attempt"), maximum: Int = try row.decode("maximum_attempts")
            let waited: Int = try row.decode("waited"), trace: String? = try row.decodeIfPresent("trace")
            return ClaimedJob(
                id: id, tenantID: tenant, kind: kind, arguments: arguments, attempt: attempt, maximumAttempts: maximum,
                trace: trace.flatMap { TraceContext($0) }, waited: .milliseconds(waited))
        }
    }

    /// Lets go of what is done.
    static func finish(_ jobs: [ClaimedJob], of worker: UUIDv7) -> Query<Int> {
        .count(
            """
            DELETE FROM app.jobs AS jobs USING unnest(
                \(TextArray(jobs.map(\.tenantID.uuid.hex)))::uuid[], \(TextArray(jobs.map(\.id.uuid.hex)))::uuid[],
                \(TextArray(jobs.map { String($0.attempt) }))::bigint[]) AS done (tenant_id, id, attempt)
            WHERE jobs.tenant_id = done.tenant_id AND jobs.id = done.id AND jobs.attempt = done.attempt AND worker_id = \(worker)
            """)
    }

    static func retry(_ job: ClaimedJob, of worker: UUIDv7, after delay: Duration, _ reason: String) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs
            SET state = CASE WHEN is_cancelling THEN 'cancelled' ELSE 'scheduled' END, finished_at = CASE WHEN is_cancelling THEN now() END,
                worker_id = NULL, run_at = now() + \(delay.milliseconds) * interval '1 millisecond', failure = \(FailureText(reason))
            WHERE tenant_id = \(job.tenantID) AND id = \(job.id) AND worker_id = \(worker) AND attempt = \(job.attempt)
            """)
    }

    static func end(_ job: ClaimedJob, of worker: UUIDv7, as state: JobState, _ reason: String?) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs SET state = \(state.rawValue), worker_id = NULL, finished_at = now(), failure = \(reason.map(FailureText.init))
            WHERE tenant_id = \(job.tenantID) AND id = \(job.id) AND worker_id = \(worker) AND attempt = \(job.attempt)
            """)
    }

    /// Gives back what was not done because its worker stops: that is no attempt.
    static func release(_ job: ClaimedJob, of worker: UUIDv7) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs
            SET state = CASE WHEN is_cancelling THEN 'cancelled' ELSE 'available' END, finished_at = CASE WHEN is_cancelling THEN now() END,
                worker_id = NULL, attempt = attempt - 1
            WHERE tenant_id = \(job.tenantID) AND id = \(job.id) AND worker_id = \(worker) AND attempt = \(job.attempt)
            """)
    }

    static func note(_ percent: Int, of job: ClaimedJob, _ worker: UUIDv7) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs SET progress = \(percent)
            WHERE tenant_id = \(job.tenantID) AND id = \(job.id) AND worker_id = \(worker) AND attempt = \(job.attempt)
            """)
    }
}

/// Why an attempt failed, as much of it as its column takes.
private struct FailureText: SQLParameter {
    private let text: String

    init(_ reason: String) {
        var rest = reason.filter { $0 != "\0" }.prefix(1_000)
        while rest.utf8.count > 1_000 { rest.removeLast() }
        text = String(rest)
    }

    static var parameterType: SQLType { .text }
    func encode(into parameters: inout Parameters) { text.encode(into: &parameters) }
}

extension Duration {
    /// Whole ones, rounded down; those of a year at most.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(min(max(seconds, 0), 31_536_000)) * 1_000
            + (seconds >= 0 ? Int(attoseconds / 1_000_000_000_000_000) : 0)
    }
}
