// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON
import Jobs
import Metrics
import TestSupport
import Testing

struct Refusal: Error {}

/// Work that leaves a note of having been done.
struct Note: Job {
    static let kind = "note"
    static let timeout: Duration = .seconds(2)
    static let maximumAttempts = 3

    let number: Int

    init(_ number: Int) { self.number = number }

    func write(to json: inout JSONWriter) { json.object { json in json.member("number", number) } }
}

struct Recurring: Job {
    static let kind = "recurring"

    func write(to json: inout JSONWriter) { json.object { _ in } }
}

/// Opens once, for all who wait.
final class Gate: Sendable {
    private let isOpen = Lock(false)

    func open() { isOpen.with { $0 = true } }

    func wait() async { while !isOpen.with({ $0 }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) } }
}

/// A database, two businesses, and a worker that notes what it is asked to do.
final class Workshop: Sendable {
    struct Seen: Sendable {
        let number: Int, attempt: Int
        let id: JobID
        let tenant: TenantID
    }

    let database: TestDatabase
    let app: ConnectionPool
    let queue = JobQueue()
    let tenant = TenantID.next(), other = TenantID.next()
    private let notes = Lock<[Seen]>([])
    private let behaviour = Lock<@Sendable (_ number: Int, _ attempt: Int) async throws -> Void>({ _, _ in })

    private init(_ database: TestDatabase) throws {
        self.database = database
        app = try database.pool()
    }

    static func run(isWorking: Bool = true, _ body: (Workshop) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let shop = try Workshop(database)
            if isWorking { try await shop.work { try await body(shop) } } else { try await body(shop) }
        }
    }

    /// Has a worker beside `body`, and stops it behind.
    func work(_ body: () async throws -> Void) async throws {
        var handlers = JobHandlers()
        handlers.on(Note.self) { [self] note, attempt in try await perform(note.number, attempt) }
        handlers.on(Recurring.self) { [self] _, attempt in try await perform(0, attempt) }
        var configuration = JobWorker.Configuration()
        configuration.interval = .milliseconds(100)
        configuration.heartbeat = .milliseconds(300)
        configuration.grace = .milliseconds(500)
        configuration.retry.first = .milliseconds(50)
        let worker = JobWorker(
            database: try database.pool(as: "unnati_worker") { $0.connections = 3 }, handlers: handlers,
            signal: queue.signal,
            configuration, metrics: NOOPMetricsHandler.instance, logger: .quiet)
        let running = Task { await worker.run() }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        running.cancel()
        await running.value
        try outcome.get()
    }

    private func perform(_ number: Int, _ attempt: JobAttempt) async throws {
        attempt.report(percent: number)
        notes.with {
            $0.append(Seen(number: number, attempt: attempt.number, id: attempt.jobID, tenant: attempt.tenantID))
        }
        try await behaviour.with { $0 }(number, attempt.number)
    }

    var seen: [Seen] { notes.with { $0 } }

    func behave(_ how: @escaping @Sendable (_ number: Int, _ attempt: Int) async throws -> Void) {
        behaviour.with { $0 = how }
    }

    @discardableResult
    func ask(_ note: Note, after delay: Duration = .zero, uniqueKey: String? = nil, of tenant: TenantID? = nil)
        async throws
        -> JobID?
    {
        try await app.withTenant(tenant ?? self.tenant) { [queue] (tx: borrowing TenantTransaction) in
            try queue.enqueue(note, after: delay, uniqueKey: uniqueKey, in: tx)
        }
    }

    func board() throws -> JobBoard { try JobBoard(url: database.url("unnati_worker")) }
    func pause(_ kind: String) throws { try board().pause(kind) }
    func resume(_ kind: String) throws -> Int { try board().resume(kind) }
    func run(_ sql: String) throws { try database.run(as: "postgres", sql) }
    func value(_ sql: String) throws -> String? { try database.run(as: "postgres", sql).first?.first ?? nil }

    /// Waits until something has been done, for ten seconds at most.
    func reach(_ isReached: ([Seen]) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while !isReached(seen), .now < end { try await Task.sleep(for: .milliseconds(5)) }
        #expect(isReached(seen))
    }

    func reach(_ sql: String, _ value: String) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try self.value(sql) != value, .now < end { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try self.value(sql) == value)
    }
}
