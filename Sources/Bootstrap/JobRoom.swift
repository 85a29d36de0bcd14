// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Admission
import CRM
import Core
import Database
import Execution
import Jobs
import Logging
import Metrics

/// Every kind of job with who does it, and the connections on which they are claimed.
struct JobRoom: Sendable {
    let worker: JobWorker
    private let queue: ConnectionPool

    /// - Parameters:
    ///   - url: of the role `unnati_worker`.
    ///   - database: where handlers work, as `unnati_app`.
    init(
        url: Secret<String>, _ configuration: Configuration, database: ConnectionPool, signal: JobSignal,
        on loops: [EventLoop],
        metrics: any MetricsFactory, logger: Logger
    ) {
        var claiming = configuration.database
        claiming.url = url
        claiming.replicaURL = nil
        // One writes down what has ended while another claims.
        claiming.connections = 3
        queue = ConnectionPool(claiming, on: loops, logger: logger)
        worker = JobWorker(
            database: queue, handlers: Self.handlers(database, logger), signal: signal, configuration.jobs,
            metrics: metrics, logger: logger)
    }

    private static func handlers(_ database: ConnectionPool, _ logger: Logger) -> JobHandlers {
        var handlers = JobHandlers()
        let imports = CustomerImportRunner(database: database, logger: logger)
        handlers.on(CustomerImportJob.self) { try await imports.perform($0, $1) }
        handlers.on(IdempotencySweep.self) { try await IdempotencySweep.perform($0, $1, in: database) }
        return handlers
    }

    /// Works until cancelled.
    func run() async { await worker.run() }

    func close() { queue.close() }
}
