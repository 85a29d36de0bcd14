// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import Execution
import HTTPOutbound
import HTTPTransport
import Jobs
import Logging
import ServiceLifecycle
import Telemetry
import Tokens
import UnixSignals
import WebAPI

/// A process that does jobs and answers nobody but operators.
package struct WorkProcess: Sendable {
    private let database: ConnectionPool
    private let jobs: JobRoom
    private let client: OutboundClient?
    private let seal: SecretSeal
    private let keysDirectory: String
    private let admin: HTTPServer
    private let loops: [EventLoop]
    private let draining: Lock<Bool>
    private let grace: Duration
    private let logger: Logger
    private let log: LogSink

    /// Checks the database. Nothing is claimed yet.
    /// - Throws: `StartupCheck.Refusal`, `AdminError`, `MigrationError`, `KeyStore.Failure`, `ConfigurationReader.Mistakes`.
    package init(_ configuration: Configuration, workerURL: Secret<String>, log: LogSink = .standardOutput) throws {
        let logger = Logger(label: "unnati") { _ in JSONLogHandler(sink: log) }
        var configuration = configuration
        // Nobody browses here.
        configuration.database.replicaURL = nil
        try StartupCheck.run(url: configuration.database.url, migrations: configuration.migrationsDirectory)
        try StartupCheck.runForWorker(url: workerURL)
        let prometheus = Prometheus()
        let loop = EventLoop(label: "unnati.loop"), adminLoop = EventLoop(label: "unnati.admin")
        let database = ConnectionPool(configuration.database, on: [loop], logger: logger)
        let draining = Lock(false)
        let client = try configuration.outboundClient(metrics: prometheus)
        let seal = SecretSeal(keys: try KeyStore.sealingKeys(in: configuration.keysDirectory))
        jobs = try JobRoom(
            url: workerURL, configuration, database: database, client: client, seal: seal, signal: JobSignal(),
            on: [loop],
            metrics: prometheus, logger: logger)
        admin = HTTPServer(
            configuration.admin, on: [adminLoop],
            responder: AdminAPI.make(
                health: HealthHandlers(database: database) { draining.with { $0 } }, prometheus: prometheus,
                logger: logger),
            logger: logger)
        prometheus.collect { ProcessReadings.take() }
        self.database = database
        self.client = client
        self.seal = seal
        keysDirectory = configuration.keysDirectory
        self.draining = draining
        self.logger = logger
        self.log = log
        loops = [loop, adminLoop]
        grace = configuration.jobs.grace
    }

    /// Works until SIGTERM or SIGINT, then lets what is under way end.
    /// - Throws: `HTTPServer.ListenFailure`.
    package func run() async throws {
        let port = try admin.start()
        var configuration = ServiceGroupConfiguration(
            services: [
                ClosureService { [database, jobs, client, loops] in
                    try await gracefulShutdown()
                    database.close()
                    jobs.close()
                    client?.close()
                    for loop in loops { loop.stop() }
                },
                ClosureService { [seal, keysDirectory, logger] in
                    await Application.followKeys(keysDirectory, nil, seal, logger)
                },
                ClosureService { [admin] in
                    try await gracefulShutdown()
                    await admin.stop()
                },
                ClosureService { [jobs, draining, logger] in
                    logger.info("working", metadata: ["admin_port": "\(port)"])
                    await cancelWhenGracefulShutdown { await jobs.run() }
                    draining.with { $0 = true }
                },
            ], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = grace + .seconds(15)
        try await ServiceGroup(configuration: configuration).run()
        logger.info("stopped")
        log.flush()
    }
}
