// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// What keeps the queue in order. Any worker does it, several may at once, and each statement takes a bounded bite.
enum JobUpkeepQueries {
    /// Bites of the statements below.
    static let bite = 1_000

    static func register(_ worker: UUIDv7, host: String, process: Int) -> Query<Int> {
        .count(
            "INSERT INTO app.job_workers (id, host, process) VALUES (\(worker), \(host), \(process)) ON CONFLICT DO NOTHING"
        )
    }

    static func beat(_ worker: UUIDv7) -> Query<Int> {
        .count("UPDATE app.job_workers SET heartbeat_at = now() WHERE id = \(worker)")
    }

    static func leave(_ worker: UUIDv7) -> Query<Int> { .count("DELETE FROM app.job_workers WHERE id = \(worker)") }

    /// Those whose time has come.
    static var promote: Query<Int> {
        .count(
            """
            UPDATE app.jobs SET state = 'available' WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE state = 'scheduled' AND run_at <= now()
                ORDER BY run_at LIMIT \(bite) FOR UPDATE SKIP LOCKED)
            """)
    }

    /// Adds a job for each schedule that is due, and moves the schedule on. What was missed while nobody worked is done once.
    static var addScheduled: Query<Int> {
        .count(
            """
            WITH due AS (
                SELECT tenant_id, kind FROM app.job_schedules WHERE next_run_at <= now()
                ORDER BY next_run_at LIMIT \(bite) FOR UPDATE SKIP LOCKED
            ), moved AS (
                UPDATE app.job_schedules AS s
                SET next_run_at = next_run_at + every * (1 + floor(extract(epoch FROM now() - next_run_at) / extract(epoch FROM every)))
                FROM due WHERE s.tenant_id = due.tenant_id AND s.kind = due.kind
                RETURNING s.tenant_id, s.kind
            )
            INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts, unique_key)
            SELECT tenant_id, gen_random_uuid(), kind, '{}', \(JobPriority.low.rawValue), 'available', now(), 12, 'scheduled' FROM moved
            ON CONFLICT DO NOTHING
            """)
    }

    /// What was in the hands of workers that have not been heard of: their process was killed, or is cut off. What ended its
    /// worker more than once waits longer each time.
    /// - Parameter lostAfter: how long a worker may be silent.
    static func rescue(lostAfter: Duration, _ policy: RetryPolicy) -> Query<[(kind: String, isDead: Bool)]> {
        .all(
            """
            UPDATE app.jobs SET
                state = CASE WHEN is_cancelling THEN 'cancelled' WHEN attempt >= maximum_attempts THEN 'dead' WHEN attempt = 1 THEN 'available' ELSE 'scheduled' END,
                finished_at = CASE WHEN is_cancelling OR attempt >= maximum_attempts THEN now() END,
                run_at = CASE WHEN attempt = 1 THEN run_at ELSE now() + (0.8 + 0.4 * random()) * interval '1 millisecond'
                    * least(\(policy.longest.milliseconds), \(policy.first.milliseconds) * 2 ^ least(attempt - 1, 30)) END,
                worker_id = NULL, failure = 'its worker ended while it ran'
            WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE state = 'running' AND worker_id NOT IN (
                    SELECT id FROM app.job_workers WHERE heartbeat_at > now() - \(lostAfter.milliseconds) * interval '1 millisecond')
                LIMIT \(bite) FOR UPDATE SKIP LOCKED)
            RETURNING kind, state = 'dead' AS is_dead
            """
        ) { row in (try row.decode("kind"), try row.decode("is_dead")) }
    }

    /// What PostgreSQL says is in the hands of a worker that knows nothing of it: the answer to its claim was lost.
    /// - Parameter held: what it does know of.
    static func giveBack(to worker: UUIDv7, except held: TextArray) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs SET
                state = CASE WHEN is_cancelling THEN 'cancelled' ELSE 'available' END, finished_at = CASE WHEN is_cancelling THEN now() END,
                worker_id = NULL, attempt = attempt - 1
            WHERE state = 'running' AND worker_id = \(worker) AND id <> ALL (\(held)::uuid[])
            """)
    }

    static var forgetWorkers: Query<Int> {
        .count("DELETE FROM app.job_workers WHERE heartbeat_at < now() - interval '1 hour'")
    }

    /// Those that have been kept for long enough: cancelled ones for a day, dead ones for a month.
    static var pruneCancelled: Query<Int> {
        .count(
            """
            DELETE FROM app.jobs WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE state = 'cancelled' AND finished_at < now() - interval '1 day'
                LIMIT \(bite) FOR UPDATE SKIP LOCKED)
            """)
    }

    static var pruneDead: Query<Int> {
        .count(
            """
            DELETE FROM app.jobs WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE state = 'dead' AND finished_at < now() - interval '30 days'
                LIMIT \(bite) FOR UPDATE SKIP LOCKED)
            """)
    }

    static var pauses: Query<[String]> {
        .all("SELECT kind FROM app.job_pauses ORDER BY kind") { row in try row.decode("kind") }
    }

    /// Moves what waits of a kind out of the way of those who look for work.
    static func pause(_ kinds: TextArray) -> Query<Int> {
        .count(
            """
            UPDATE app.jobs SET state = 'paused' WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs WHERE state = 'available' AND kind = ANY (\(kinds)) LIMIT \(bite) FOR UPDATE SKIP LOCKED)
            """)
    }

    /// Brings back what was moved out of the way of a kind that goes on.
    static var goOn: Query<Int> {
        .count(
            """
            UPDATE app.jobs SET state = 'available' WHERE (tenant_id, id) IN (
                SELECT tenant_id, id FROM app.jobs AS j WHERE state = 'paused' AND NOT EXISTS (
                    SELECT FROM app.job_pauses AS p WHERE p.kind = j.kind)
                LIMIT \(bite) FOR UPDATE OF j SKIP LOCKED)
            """)
    }

    static func cancelling(by worker: UUIDv7) -> Query<[JobID]> {
        .all("SELECT id FROM app.jobs WHERE state = 'running' AND worker_id = \(worker) AND is_cancelling") { row in
            try row.decode("id")
        }
    }

    /// How many there are in each state, a hundred thousand of each at most, and how long the one that has waited longest
    /// could have begun. Each part has an index that holds nothing else.
    static var depths: Query<[(state: String, count: Int, oldest: Int)]> {
        .all(
            """
            SELECT 'available' AS state, count(*) AS count,
                   coalesce(greatest(0, extract(epoch FROM now() - min(run_at))), 0)::bigint AS oldest
            FROM (SELECT run_at FROM app.jobs WHERE state = 'available' LIMIT 100000) AS those
            UNION ALL SELECT 'scheduled', count(*), 0 FROM (SELECT FROM app.jobs WHERE state = 'scheduled' LIMIT 100000) AS those
            UNION ALL SELECT 'running', count(*), 0 FROM (SELECT FROM app.jobs WHERE state = 'running' LIMIT 100000) AS those
            UNION ALL SELECT 'paused', count(*), 0 FROM (SELECT FROM app.jobs WHERE state = 'paused' LIMIT 100000) AS those
            UNION ALL SELECT 'cancelled', count(*), 0 FROM (SELECT FROM app.jobs WHERE state = 'cancelled' LIMIT 100000) AS those
            UNION ALL SELECT 'dead', count(*), 0 FROM (SELECT FROM app.jobs WHERE state = 'dead' LIMIT 100000) AS those
            """
        ) { row in (try row.decode("state"), try row.decode("count"), try row.decode("oldest")) }
    }
}
