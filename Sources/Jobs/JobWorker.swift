// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Logging
import Metrics

/// Does jobs, some at a time, until it is stopped.
///
/// It goes round when something wakes it: a transaction of this process that has asked for work, an attempt that has ended, or a
/// second that has passed. Each round writes down what has ended and takes as many jobs as there are places, so that under load
/// many share a statement and an idle worker asks little.
package final class JobWorker: Sendable {
    package struct Configuration: Sendable {
        /// `JOBS_CONCURRENCY`, 1...1 000. Attempts at a time.
        package var concurrency = 32
        /// How often a worker looks for what others have asked for.
        package var interval: Duration = .seconds(1)
        /// How often it says that it lives, and looks for those that do not.
        package var heartbeat: Duration = .seconds(10)
        /// One that has not been heard of for so long has lost what it had in hand.
        package var lostAfter: Duration = .seconds(30)
        /// What attempts under way get when the worker stops; then they are cancelled and given back.
        package var grace: Duration = .seconds(20)
        package var retry = RetryPolicy()

        package init() {}
    }

    private let database: ConnectionPool
    private let handlers: JobHandlers
    private let signal: JobSignal
    private let configuration: Configuration
    private let metrics: JobMetrics
    private let logger: Logger
    private let id = UUIDv7.next()
    private let upkeep: JobUpkeep
    private let hand: Lock<JobsInHand>
    private let isStopping = Lock(false)
    /// Where the last claim ended; the next begins behind it, so that all get their turn.
    private let cursor = Lock((urgent: UUIDv7.least, any: UUIDv7.least))

    /// - Parameter database: connections of `unnati_worker`.
    package init(
        database: ConnectionPool, handlers: JobHandlers, signal: JobSignal, _ configuration: Configuration,
        metrics: any MetricsFactory, logger: Logger
    ) {
        self.metrics = JobMetrics(factory: metrics)
        self.database = database
        self.handlers = handlers
        self.signal = signal
        self.configuration = configuration
        self.logger = logger
        upkeep = JobUpkeep(database: database, worker: id, configuration, self.metrics, logger)
        hand = Lock(JobsInHand(places: configuration.concurrency))
    }

    /// Works until its task is cancelled; then lets what is under way end, and gives back what does not.
    package func run() async {
        let ticker = Task { [signal, interval = configuration.interval] in
            while !Task.isCancelled {
                signal.raise()
                // Workers that started together do not go on asking together.
                try? await Task.sleep(for: interval * Double.random(in: 0.8...1.2))
            }
        }
        // On its own, so that the end of this task does not end what it does: that comes in order.
        let rounds = Task { await self.goRound() }
        await withTaskCancellationHandler {
            await rounds.value
        } onCancel: {
            isStopping.with { $0 = true }
            signal.raise()
        }
        ticker.cancel()
    }

    private func goRound() async {
        for await _ in signal.stream {
            if isStopping.with({ $0 }) { break }
            do {
                try await upkeep.run(inHand: hand)
                try await round()
            } catch {
                upkeep.noteFailure(error)
                try? await Task.sleep(for: configuration.interval)
            }
        }
        await stop()
    }

    private func stop() async {
        let patience = ContinuousClock.now + configuration.grace
        while ContinuousClock.now < patience, hand.with({ !$0.isEmpty }) {
            try? await writeDown()
            try? await upkeep.run(inHand: hand)
            try? await Task.sleep(for: .milliseconds(20))
        }
        for entry in hand.with({ Array($0.underWay.values) }) { entry.task?.cancel() }
        // Whoever does not end when told to is found by others, by its worker's silence.
        for _ in 0..<50 where hand.with({ !$0.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(20))
            try? await writeDown()
        }
        _ = try? await database.write(JobUpkeepQueries.leave(id), in: .directory)
    }

    // MARK: - A round

    private func round() async throws {
        while !isStopping.with({ $0 }) {
            async let written: Void = writeDown()
            let claimed = try await claim()
            try await written
            if claimed == 0 { break }
            // A long queue must not keep it from what is due.
            try await upkeep.run(inHand: hand)
        }
    }

    /// - Returns: how many were begun.
    private func claim() async throws -> Int {
        let kinds = TextArray(handlers.entries.keys.filter { !upkeep.isPaused($0) }.sorted())
        let urgent = try await claim(kinds, urgentOnly: true, \.urgent, keeping: 0)
        return try await urgent
            + claim(
                kinds, urgentOnly: false, \.any,
                keeping: min(configuration.concurrency - 1, max(1, configuration.concurrency / 8)))
    }

    private func claim(
        _ kinds: TextArray, urgentOnly: Bool, _ position: WritableKeyPath<(urgent: UUIDv7, any: UUIDv7), UUIDv7>,
        keeping kept: Int
    ) async throws -> Int {
        let (free, share, full, held) = hand.with {
            ($0.free - kept, $0.share, urgentOnly ? [] : $0.fullTenants, $0.ids)
        }
        guard free > 0 else { return 0 }
        let behind = cursor.with { $0[keyPath: position] }
        let jobs = try await database.write(
            JobClaimQueries.claim(
                for: id, kinds, urgentOnly: urgentOnly, places: free, share: share, behind: behind,
                full: TextArray(full.map(\.uuid.hex)), held: TextArray(held.map(\.uuid.hex))),
            in: .directory)
        for job in jobs { begin(job) }
        if let last = jobs.map(\.tenantID.uuid).max() {
            cursor.with { $0[keyPath: position] = last }
        } else if behind != .least {
            // Past the last business: from the first again.
            cursor.with { $0[keyPath: position] = .least }
            return try await claim(kinds, urgentOnly: urgentOnly, position, keeping: kept)
        }
        return jobs.count
    }

    // MARK: - An attempt

    private func begin(_ job: ClaimedJob) {
        guard let entry = handlers.entries[job.kind] else { return }
        let progress = JobProgress()
        let attempt = JobAttempt(
            jobID: job.id, tenantID: job.tenantID, number: job.attempt, isLast: job.attempt >= job.maximumAttempts,
            progress: progress)
        hand.with { $0.begin(job, progress, deadline: .now + entry.timeout) }
        let task = Task {
            let begun = ContinuousClock.now
            let result: Result<Void, any Error>
            do {
                result = .success(
                    try await TraceContext.$current.withValue(job.trace) { try await entry.run(job.arguments, attempt) }
                )
            } catch { result = .failure(error) }
            self.ended(job, result, took: ContinuousClock.now - begun)
        }
        hand.with { $0.attach(task, to: job.id) }
    }

    private func ended(_ job: ClaimedJob, _ result: Result<Void, any Error>, took: Duration) {
        let outcome = hand.with { hand in
            let entry = hand.end(job.id)
            let outcome = self.outcome(
                of: job, result, isCancelled: entry?.isCancelled ?? false, isLate: entry?.isLate ?? false)
            hand.note(job, outcome)
            return outcome
        }
        metrics.note(job, outcome, took: took)
        switch outcome {
        case .done, .released, .cancelled: break
        case .retry(let delay, let reason):
            logger.warning(
                "job failed",
                metadata: job.metadata.merging([
                    "attempt": "\(job.attempt)", "reason": "\(reason)", "again_in_s": "\(delay.milliseconds / 1_000)",
                ]) { $1 })
        case .dead(let reason):
            logger.error(
                "job is dead: see it with unnati jobs show, and have it done with unnati jobs retry",
                metadata: job.metadata.merging(["reason": "\(reason)"]) { $1 })
        }
        signal.raise()
    }

    private func outcome(of job: ClaimedJob, _ result: Result<Void, any Error>, isCancelled: Bool, isLate: Bool)
        -> JobOutcome
    {
        guard case .failure(let error) = result else { return .done }
        if isCancelled { return .cancelled }
        if case .hopeless(let reason)? = error as? JobFailure { return .dead(reason: reason) }
        // Whatever it says: it was told to end.
        if isStopping.with({ $0 }) { return .released }
        let reason = isLate ? "it took too long" : Self.reason(of: error)
        guard job.attempt < job.maximumAttempts else { return .dead(reason: reason) }
        if case .retry(let delay, _)? = error as? JobFailure {
            return .retry(after: min(max(delay, .zero), configuration.retry.longest), reason: reason)
        }
        return .retry(after: configuration.retry.delay(after: job.attempt), reason: reason)
    }

    /// What an operator may read. Of errors that nobody has vouched for only the name is told: there may be more in them.
    private static func reason(of error: any Error) -> String {
        switch error {
        case let error as DatabaseError: "\(error)"
        case .retry(_, let reason) as JobFailure: reason
        case is UnreadableArguments: "its arguments are of another build"
        default: "\(type(of: error))"
        }
    }

    // MARK: - Writing down

    /// Lets PostgreSQL know what has ended. What cannot be told now is told later.
    private func writeDown() async throws {
        let ended = hand.with { $0.takeEnded() }
        guard !ended.isEmpty else { return }
        var left = ended[...]
        do {
            let done = ended.compactMap { entry in if case .done = entry.outcome { entry.job } else { nil } }
            if !done.isEmpty { try await database.write(JobClaimQueries.finish(done, of: id), in: .directory) }
            left = ended.filter { entry in if case .done = entry.outcome { false } else { true } }[...]
            while let entry = left.first {
                try await database.write(query(for: entry), in: .directory)
                left.removeFirst()
            }
        } catch {
            hand.with { hand in for entry in left { hand.note(entry.job, entry.outcome) } }
            throw error
        }
    }

    private func query(for entry: JobsInHand.Ended) -> Query<Int> {
        switch entry.outcome {
        case .done: JobClaimQueries.finish([entry.job], of: id)
        case .retry(let delay, let reason): JobClaimQueries.retry(entry.job, of: id, after: delay, reason)
        case .dead(let reason): JobClaimQueries.end(entry.job, of: id, as: .dead, reason)
        case .cancelled: JobClaimQueries.end(entry.job, of: id, as: .cancelled, nil)
        case .released: JobClaimQueries.release(entry.job, of: id)
        }
    }
}

extension ClaimedJob {
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["job_id": "\(id)", "kind": "\(kind)"]
        if let trace { metadata["trace_id"] = "\(trace.traceID)" }
        return metadata
    }
}
