// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import Audit
import CRM
import Core
import Database
import Execution
import HTTPOutbound
import HTTPTransport
import Jobs
import Logging
import Passwords
import ServiceLifecycle
import Telemetry
import Tokens
import UnixSignals
import WebAPI
import WebApp

/// A whole server: every room, joined. Tests start the same one as production.
package struct Application: Sendable {
    package let api: API
    package let database: ConnectionPool
    private let server: HTTPServer
    private let admin: HTTPServer
    private let loops: [EventLoop]
    private let revocations: SessionRevocations
    private let accessTokens: AccessTokens
    private let seal: SecretSeal
    private let keysDirectory: String
    /// Nil where jobs are done by other processes.
    private let jobs: JobRoom?
    /// Nil where nobody is called.
    private let client: OutboundClient?
    private let sharedLimits: SharedRateLimiter?
    private let ports = Lock<(http: UInt16, admin: UInt16)>((0, 0))
    private let draining: Lock<Bool>
    private let logger: Logger
    private let log: LogSink
    private let grace: Duration

    /// Checks the database and makes what serves from it. Nothing listens yet.
    /// - Throws: `StartupCheck.Refusal`, `AdminError`, `MigrationError`, `KeyStore.Failure`, `StaticFiles.Failure`,
    ///   `ConfigurationReader.Mistakes`.
    package init(_ configuration: Configuration, log: LogSink = .standardOutput) async throws {
        let logger = Logger(label: "unnati") { _ in JSONLogHandler(sink: log) }
        var configuration = configuration
        // A fifth is left for PostgreSQL, logs and what the libraries open.
        let room = DescriptorLimit.raise() / 5 * 4
        if configuration.http.connections > room {
            logger.warning(
                "fewer connections than wanted: the limit of open files", metadata: ["connections": "\(room)"])
            configuration.http.connections = room
        }
        try StartupCheck.run(url: configuration.database.url, migrations: configuration.migrationsDirectory)
        if let worker = configuration.workerURL { try StartupCheck.runForWorker(url: worker) }
        if let replica = configuration.database.replicaURL {
            do { try StartupCheck.run(url: replica, migrations: configuration.migrationsDirectory) } catch let error
                as AdminError
            {
                // Nobody reads there who has not been looked at.
                logger.warning("the replica does not answer and is left alone", metadata: ["reason": "\(error)"])
                configuration.database.replicaURL = nil
            }
        }
        let keys = try KeyStore(folder: configuration.keysDirectory)
        let prometheus = Prometheus()
        let loops = (0..<configuration.loops).map { EventLoop(label: "unnati.loop.\($0)") }
        let database = ConnectionPool(configuration.database, on: loops, logger: logger)
        let accessTokens = await AccessTokens(signingKeys: keys.signing, configuration.tokens)
        let revocations = SessionRevocations(database: database, accessLifetime: configuration.tokens.accessLifetime)
        let queue = JobQueue(), seal = SecretSeal(keys: keys.sealing)
        let passwords = PasswordHasher(configuration.passwords)
        let issuer = SessionIssuer(
            accessTokens: accessTokens, refreshTokens: RefreshTokens(key: keys.refresh),
            lifetime: configuration.tokens.sessionLifetime, deviceKey: keys.codes)
        let codes = CodeService(
            database: database, jobs: queue, seal: seal, key: keys.codes, reachable: configuration.messages.reachable)
        let throttle =
            configuration.passwords.delaysGuesses ? SignInThrottle(database: database, key: keys.limits) : nil
        let client = try configuration.outboundClient(metrics: prometheus)
        let accounts = AccountServices(
            database: database, passwords: passwords, codes: codes, issuer: issuer, revocations: revocations,
            provider: client.flatMap { client in configuration.google.map { OpenIDProvider($0, client: client) } },
            idleLifetime: configuration.tokens.idleLifetime, seal: seal, codeKey: keys.codes, throttle: throttle)
        let jobs = try configuration.workerURL.map {
            try JobRoom(
                url: $0, configuration, database: database, client: client, seal: seal, signal: queue.signal, on: loops,
                metrics: prometheus, logger: logger)
        }
        let sharedLimits = configuration.rates.areShared ? SharedRateLimiter(database: database) : nil
        let draining = Lock(false)
        let health = HealthHandlers(database: database) { draining.with { $0 } }

        api = PublicAPI.make(
            accounts: accounts, countries: configuration.messages.countries,
            sessionLifetime: configuration.tokens.sessionLifetime, audit: AuditReader(database: database),
            customers: CustomerServices(
                database: database, jobs: queue, promotionHours: configuration.promotionHours),
            idempotency: IdempotencyLedger(jobs: queue), accessTokens: accessTokens,
            revocations: revocations,
            cursors: CursorSeal(key: keys.cursor), health: health, logger: logger,
            accessLog: configuration.writesAccessLog ? log : nil, metrics: prometheus,
            gatekeeper: Gatekeeper(configuration.rates, key: keys.limits, shared: sharedLimits),
            requestsPerAddress: configuration.http.connectionsPerAddress,
            crossOrigin: CrossOrigin(origins: configuration.origins),
            isEncrypted: configuration.http.tls != nil,
            files: try configuration.webDirectory.map { try StaticFiles(folder: $0) },
            streamsPerTenant: configuration.streamsPerTenant,
            isDraining: { draining.with { $0 } })
        // Operators are answered however busy the others are.
        let adminLoop = EventLoop(label: "unnati.admin")
        self.loops = loops + [adminLoop]
        let server = HTTPServer(
            configuration.http, on: loops, responder: api, logger: logger)
        admin = HTTPServer(
            configuration.admin, on: [adminLoop],
            responder: AdminAPI.make(health: health, prometheus: prometheus, logger: logger), logger: logger)
        self.server = server
        self.database = database
        self.revocations = revocations
        self.accessTokens = accessTokens
        self.seal = seal
        keysDirectory = configuration.keysDirectory
        self.jobs = jobs
        self.client = client
        self.sharedLimits = sharedLimits
        self.draining = draining
        self.logger = logger
        self.log = log
        grace = configuration.http.grace
        prometheus.collect { ProcessReadings.take() }
        prometheus.collect { Self.readings(database, server) }
    }

    private static func readings(_ database: ConnectionPool, _ server: HTTPServer) -> [Prometheus.Reading] {
        let pool = database.statistics
        return [
            .gauge("db_pool_in_use", pool.inUse), .gauge("db_pool_idle", pool.idle),
            .gauge("db_pool_waiting", pool.waiting),
            .gauge("db_pool_max", pool.maximum), .counter("db_pool_timeouts_total", pool.timeouts),
            .counter("db_round_trips_total", pool.roundTrips),
            .counter("db_replica_reads_total", pool.replicaReads),
            .gauge("http_server_connections", server.connectionCount),
            .counter("http_server_requests_shed_total", server.shedCount),
            .counter("http_server_connections_refused_total", server.refusedCount),
        ]
    }

    /// Begins to answer.
    /// - Returns: the ports, which the system has chosen where the configuration says 0.
    /// - Throws: `HTTPServer.ListenFailure`.
    package func listen() throws -> (http: UInt16, admin: UInt16) {
        let ports = (http: try server.start(), admin: try admin.start())
        self.ports.with { $0 = ports }
        return ports
    }

    /// What runs beside the listeners, in order of start; it stops in the reverse order. A SIGTERM lets requests in flight
    /// finish, a SIGINT too; the grace period bounds both.
    package func services(signals: [UnixSignal]) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: [
                ClosureService { [database, jobs, client, loops] in
                    try await gracefulShutdown()
                    database.close()
                    jobs?.close()
                    client?.close()
                    for loop in loops { loop.stop() }
                },
                ClosureService { [server, logger] in await Self.reloadCertificates(of: server, logger) },
                ClosureService { [database] in
                    await cancelWhenGracefulShutdown { await database.followReplica() }
                    try await gracefulShutdown()
                },
                ClosureService { [revocations] in await cancelWhenGracefulShutdown { await revocations.run() } },
                ClosureService { [accessTokens, seal, keysDirectory, logger] in
                    await Self.followKeys(keysDirectory, accessTokens, seal, logger)
                },
                ClosureService { [sharedLimits, logger] in
                    guard let sharedLimits else { return try await gracefulShutdown() }
                    await cancelWhenGracefulShutdown { await sharedLimits.run(logger) }
                },
                ClosureService { [jobs] in
                    guard let jobs else { return try await gracefulShutdown() }
                    await cancelWhenGracefulShutdown { await jobs.run() }
                },
                ClosureService { [admin] in
                    try await gracefulShutdown()
                    await admin.stop()
                },
                ClosureService { [server, draining, ports, logger] in
                    // Not before signals are heard: who reads this may send one.
                    let ports = ports.with { $0 }
                    logger.info("listening", metadata: ["http_port": "\(ports.http)", "admin_port": "\(ports.admin)"])
                    try await gracefulShutdown()
                    draining.with { $0 = true }
                    await server.stop()
                },
            ], gracefulShutdownSignals: signals, logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = grace + .seconds(15)
        return ServiceGroup(configuration: configuration)
    }

    /// How long after it was made a key is read by every server.
    package static let newKeyDelay = Duration.seconds(120)

    /// - Parameter tokens: nil where none are signed.
    static func followKeys(_ folder: String, _ tokens: AccessTokens?, _ seal: SecretSeal, _ logger: Logger) async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(20))
                do {
                    seal.replaceKeys(try KeyStore.sealingKeys(in: folder))
                    await tokens?.replaceKeys(try KeyStore.signingKeys(in: folder))
                } catch {
                    logger.error("the keys stay as they were", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    /// SIGHUP: certificate and key have been renewed. No connection notices.
    private static func reloadCertificates(of server: HTTPServer, _ logger: Logger) async {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                do {
                    try server.reloadCertificate()
                    logger.info("certificate read again")
                } catch {
                    logger.error("the certificate stays as it was", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    /// Listens and serves until SIGTERM or SIGINT, then ends gracefully.
    /// - Throws: `HTTPServer.ListenFailure`.
    package func run() async throws {
        _ = try listen()
        try await services(signals: [.sigterm, .sigint]).run()
        logger.info("stopped")
        log.flush()
    }
}
