// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Dispatch
import Execution
import Glibc
import JSON
import Jobs
import Logging
import Metrics

// For benchmarks and fault tests in other languages: a worker whose jobs do nothing, or harm.
//
//     JobProbe work APP_URL WORKER_URL            works until SIGTERM; writes a line for each attempt: KIND ID ATTEMPT
//     JobProbe enqueue APP_URL KIND COUNT TENANTS asks for jobs, a thousand to a transaction; writes their ids
//     JobProbe drain APP_URL WORKER_URL COUNT     works until COUNT are done; writes the seconds that took
//     JobProbe wake APP_URL WORKER_URL COUNT      asks for one at a time; writes the milliseconds until each begins, in order

protocol Idle: Job {}
extension Idle {
    static var maximumAttempts: Int { 5 }
    func write(to json: inout JSONWriter) { json.object { _ in } }
}

/// Does nothing.
struct Noop: Idle { static let kind = "noop" }
/// Takes a while.
struct Slow: Idle { static let kind = "slow" }
/// Ends the process.
struct Poison: Idle { static let kind = "poison" }

func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}

let arguments = Array(CommandLine.arguments.dropFirst())
let loops = (0..<2).map { EventLoop(label: "probe.\($0)") }
let quiet = Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() }

func pool(_ url: String, connections: Int) -> ConnectionPool {
    var configuration = DatabaseConfiguration(url: Secret(url))
    configuration.connections = connections
    return ConnectionPool(configuration, on: loops, logger: quiet)
}

func worker(_ url: String, _ signal: JobSignal, concurrency: Int, _ noted: @escaping @Sendable (JobAttempt) -> Void)
    -> JobWorker
{
    var handlers = JobHandlers()
    handlers.on(Noop.self) { _, attempt in noted(attempt) }
    handlers.on(Slow.self) { _, attempt in
        say("slow \(attempt.jobID) \(attempt.number)")
        try await Task.sleep(for: .milliseconds(20))
    }
    handlers.on(Poison.self) { _, attempt in
        say("poison \(attempt.jobID) \(attempt.number)")
        fatalError("poison")
    }
    var configuration = JobWorker.Configuration()
    configuration.concurrency = concurrency
    configuration.lostAfter = .seconds(2)
    configuration.heartbeat = .milliseconds(500)
    configuration.retry.first = .milliseconds(500)
    return JobWorker(
        database: pool(url, connections: 3), handlers: handlers, signal: signal, configuration,
        metrics: NOOPMetricsHandler.instance, logger: quiet)
}

@Sendable func enqueue<J: Job>(_ jobs: [J], for tenant: TenantID, _ queue: JobQueue, _ app: ConnectionPool) async throws
    -> [JobID]
{
    try await app.withTenant(tenant) { (tx: borrowing TenantTransaction) in
        var ids: [JobID] = []
        for job in jobs { if let id = try queue.enqueue(job, in: tx) { ids.append(id) } }
        return ids
    }
}

func enqueueAll<J: Job>(_ job: J, _ url: String, _ count: Int, tenants: Int) async throws {
    let app = pool(url, connections: 3), queue = JobQueue()
    let owners = (0..<tenants).map { _ in TenantID.next() }
    for begin in stride(from: 0, to: count, by: 1_000) {
        let ids = try await enqueue(
            Array(repeating: job, count: min(1_000, count - begin)), for: owners[begin / 1_000 % tenants], queue, app)
        say(ids.map(\.description).joined(separator: "\n"))
    }
}

func run() async throws {
    switch arguments.first {
    case "work" where arguments.count == 3:
        let worker = worker(arguments[2], JobSignal(), concurrency: 16) { say("noop \($0.jobID) \($0.number)") }
        let working = Task { await worker.run() }
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM)
        source.setEventHandler { working.cancel() }
        source.activate()
        await working.value
    case "enqueue" where arguments.count == 5:
        let count = Int(arguments[3]) ?? 0, tenants = max(1, Int(arguments[4]) ?? 1)
        switch arguments[2] {
        case Slow.kind: try await enqueueAll(Slow(), arguments[1], count, tenants: tenants)
        case Poison.kind: try await enqueueAll(Poison(), arguments[1], count, tenants: tenants)
        default: try await enqueueAll(Noop(), arguments[1], count, tenants: tenants)
        }
    case "drain" where arguments.count == 4:
        let left = Lock(Int(arguments[3]) ?? 0), (stream, end) = AsyncStream<Void>.makeStream()
        let worker = worker(arguments[2], JobSignal(), concurrency: 200) { _ in
            if left.with({ left in
                left -= 1; return left == 0
            }) {
                end.finish()
            }
        }
        let begun = ContinuousClock.now
        let working = Task { await worker.run() }
        for await _ in stream {}
        working.cancel()
        // Its end, and so what it did is written down.
        await working.value
        say("\((ContinuousClock.now - begun) / .seconds(1))")
    case "wake" where arguments.count == 4:
        let app = pool(arguments[1], connections: 3), queue = JobQueue(), tenant = TenantID.next()
        let (stream, began) = AsyncStream<Void>.makeStream()
        let worker = worker(arguments[2], queue.signal, concurrency: 16) { _ in began.yield() }
        let working = Task { await worker.run() }
        var next = stream.makeAsyncIterator(), waits: [Double] = []
        for _ in 0..<(Int(arguments[3]) ?? 0) {
            _ = try await enqueue([Noop()], for: tenant, queue, app)
            let committed = ContinuousClock.now
            await next.next()
            waits.append((ContinuousClock.now - committed) / .milliseconds(1))
            try await Task.sleep(for: .milliseconds(5))
        }
        working.cancel()
        await working.value
        say(waits.sorted().map { "\($0)" }.joined(separator: " "))
    default:
        say("usage: see the source")
        exit(64)
    }
}

try await run()
