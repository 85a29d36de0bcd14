// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import CRM
import Core
import Database
import Execution
import HTTPOutbound
import Jobs
import Logging
import Metrics
import Tokens

/// Every kind of job with who does it, and the connections on which they are claimed.
struct JobRoom: Sendable {
    let worker: JobWorker
    private let queue: ConnectionPool

    /// - Parameters:
    ///   - url: of the role `unnati_worker`.
    ///   - database: where handlers work, as `unnati_app`.
    ///   - client: for what leaves; nil where nothing does.
    /// - Throws: `OutboundURL.Invalid`.
    init(
        url: Secret<String>, _ configuration: Configuration, database: ConnectionPool, client: OutboundClient?,
        seal: SecretSeal, signal: JobSignal, on loops: [EventLoop], metrics: any MetricsFactory, logger: Logger
    ) throws {
        let messages = try MessageRoom(configuration.messages, client: client, logger: logger)
        var claiming = configuration.database
        claiming.url = url
        claiming.replicaURL = nil
        // One writes down what has ended while another claims.
        claiming.connections = 3
        queue = ConnectionPool(claiming, on: loops, logger: logger)
        worker = JobWorker(
            database: queue, handlers: Self.handlers(database, messages, seal, logger), signal: signal,
            configuration.jobs,
            metrics: metrics, logger: logger)
    }

    private static func handlers(
        _ database: ConnectionPool, _ messages: MessageRoom, _ seal: SecretSeal, _ logger: Logger
    ) -> JobHandlers {
        var handlers = JobHandlers()
        let imports = CustomerImportRunner(database: database, logger: logger)
        handlers.on(CustomerImportJob.self) { try await imports.perform($0, $1) }
        let undoing = ImportUndoRunner(database: database)
        handlers.on(ImportUndoJob.self) { try await undoing.perform($0, $1) }
        handlers.on(IdempotencySweep.self) { try await IdempotencySweep.perform($0, $1, in: database) }
        handlers.on(CodeDelivery.self) { job, _ in try await job.perform(seal: seal) { try await messages.deliver($0) }
        }
        return handlers
    }

    /// Works until cancelled.
    func run() async { await worker.run() }

    func close() {
        queue.close()
    }
}
