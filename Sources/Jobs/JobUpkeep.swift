// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Glibc
import Logging

/// What every worker does beside its jobs: it wakes those whose time has come, takes back what dead workers had, and says
/// that it lives. Nobody leads: all do it, and each row is touched by one.
final class JobUpkeep: Sendable {
    private let database: ConnectionPool
    private let worker: UUIDv7
    private let configuration: JobWorker.Configuration
    private let metrics: JobMetrics
    private let logger: Logger
    private let state: Lock<State>

    private struct State {
        var next: ContinuousClock.Instant?
        var nextBeat: ContinuousClock.Instant?
        var lastBeat: ContinuousClock.Instant?
        var paused: [String] = []
        var hasFailed = false
    }

    init(
        database: ConnectionPool, worker: UUIDv7, _ configuration: JobWorker.Configuration, _ metrics: JobMetrics,
        _ logger: Logger
    ) {
        self.metrics = metrics
        self.database = database
        self.worker = worker
        self.configuration = configuration
        self.logger = logger
        state = Lock(State())
    }

    func isPaused(_ kind: String) -> Bool { state.with { $0.paused.contains(kind) } }

    /// Says once that something is wrong, not every second.
    func noteFailure(_ error: any Error) {
        let isNews = state.with { state in
            defer { state.hasFailed = true }
            return !state.hasFailed
        }
        if isNews { logger.warning("jobs wait for the database", metadata: ["reason": "\(error)"]) }
    }

    private func noteSuccess() {
        let isNews = state.with { state in
            defer { state.hasFailed = false }
            return state.hasFailed
        }
        if isNews { logger.info("jobs go on") }
    }

    /// Does what is due.
    func run(inHand hand: Lock<JobsInHand>) async throws {
        let now = ContinuousClock.now
        let (isDue, beats) = state.with { state in
            let isDue = state.next.map { $0 <= now } ?? true, beats = state.nextBeat.map { $0 <= now } ?? true
            // A little early, or every other wake-up would come just before it.
            if isDue { state.next = now + configuration.interval * 0.7 }
            if beats { state.nextBeat = now + configuration.heartbeat }
            return (isDue, beats)
        }
        do {
            if beats { try await beat(hand) }
            if isDue { try await tick(hand) }
        } catch {
            state.with { state in
                if beats { state.nextBeat = nil }
                state.next = nil
            }
            throw error
        }
        if isDue { noteSuccess() }
    }

    private func tick(_ hand: Lock<JobsInHand>) async throws {
        for task in hand.with({ $0.late(.now) }) { task.cancel() }
        try await exhaust(JobUpkeepQueries.promote)
        try await exhaust(JobUpkeepQueries.addScheduled)
        let paused = try await database.read(JobUpkeepQueries.pauses, in: .directory)
        state.with { $0.paused = paused }
        if !paused.isEmpty { try await exhaust(JobUpkeepQueries.pause(TextArray(paused))) }
        try await exhaust(JobUpkeepQueries.goOn)
        let underWay = hand.with { Array($0.underWay.values) }
        guard !underWay.isEmpty else { return }
        let cancelling = try await database.read(JobUpkeepQueries.cancelling(by: worker), in: .directory)
        for task in hand.with({ $0.cancel(cancelling) }) { task.cancel() }
        for entry in underWay {
            guard let percent = entry.progress.news() else { continue }
            try await database.write(JobClaimQueries.note(percent, of: entry.job, worker), in: .directory)
        }
    }

    /// What is left is for the next second: other things are due too.
    private func exhaust(_ query: Query<Int>) async throws {
        for _ in 0..<10 where try await database.write(query, in: .directory) < JobUpkeepQueries.bite { return }
    }

    private func beat(_ hand: Lock<JobsInHand>) async throws {
        if try await database.write(JobUpkeepQueries.beat(worker), in: .directory) == 0 {
            try await database.write(
                JobUpkeepQueries.register(worker, host: Self.host, process: Int(getpid())), in: .directory)
        }
        let wasSilent = state.with { state in
            defer { state.lastBeat = .now }
            return state.lastBeat.map { .now - $0 >= configuration.lostAfter } ?? false
        }
        // No claim is under way here: what this worker holds is all that is its own.
        let held = hand.with { TextArray($0.ids.map(\.uuid.hex)) }
        try await database.write(JobUpkeepQueries.giveBack(to: worker, except: held), in: .directory)
        // When PostgreSQL was away all were silent: the others get time to say that they live.
        if wasSilent { return }
        let rescued = try await database.write(
            JobUpkeepQueries.rescue(lostAfter: configuration.lostAfter, configuration.retry), in: .directory)
        for (kind, isDead) in rescued {
            logger.warning(
                "a worker ended with a job in hand", metadata: ["kind": "\(kind)", "is_dead": "\(isDead)"])
        }
        try await database.write(JobUpkeepQueries.forgetWorkers, in: .directory)
        try await exhaust(JobUpkeepQueries.pruneCancelled)
        try await exhaust(JobUpkeepQueries.pruneDead)
        metrics.note(try await database.read(JobUpkeepQueries.depths, in: .directory))
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
