// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution
import Glibc
import Synchronization

/// One connection to PostgreSQL in pipeline mode (libpq manual, §34.5): commands go out together, their results come back
/// in order, and one Sync ends each exchange, so that an exchange of any length costs one round trip.
///
/// A connection belongs to one lease at a time; only the lease's holder calls it. A ``Transaction`` waits for each answer in
/// poll(2), never longer than the deadline it is given, and so is run on the connection's lane. An ``Exchange`` never waits;
/// an event loop tells it of answers.
@safe final class Connection: @unchecked Sendable {
    // Guard: the lease. The pool hands a connection to one holder at a time.
    /// The pool's queue on which this connection may block.
    let lane: Int
    /// Those under way, in order. Touched on ``loop`` alone while there are any.
    private(set) var exchanges: [Exchange] = []
    /// The last of them are queued here and not sent yet.
    private var unsent = 0
    /// What has arrived is being taken: what is queued meanwhile is sent together.
    private var isTaking = false
    /// The loop will tell, once, when the connection is ready. Asking again might have it tell twice, and the second time
    /// somebody else may have the connection.
    private var isAwaited = false
    /// The loop that reads answers at present.
    private(set) var loop: EventLoop?
    /// The loops that have watched this connection, and its tokens there.
    /// What a thread has done before it leaves the connection to a loop, that loop sees.
    private let handOver = Atomic<Bool>(false)
    private var watchers: [(loop: EventLoop, token: UInt64)] = []
    private let onExchangeEnd: (@Sendable (Connection, Exchange, _ isBroken: Bool) -> Void)?
    private let pointer: OpaquePointer
    /// May be used from any thread at any time (libpq manual, §34.7). Nil only without memory.
    private var canceller: OpaquePointer?
    private let retired = Atomic(false), cancelling = Atomic(false)
    private let retiresAt: ContinuousClock.Instant
    private let usesPreparedStatements: Bool
    private var prepared: [String: String] = [:]
    private var namesGiven = 0
    private(set) var roundTrips = 0

    /// A server-side limit on how many statements one connection keeps prepared; the set of texts in the source is smaller.
    private static let maximumPrepared = 512

    /// Connects, blocking until the deadline at most.
    /// - Parameters:
    ///   - url: a libpq connection string or URI (libpq manual, §34.1.1).
    ///   - lifetime: after that it is not used again.
    ///   - onExchangeEnd: called on the loop when an ``Exchange`` has ended, or the connection is broken.
    /// - Throws: `DatabaseError.unavailable`; the reason is written to `diagnose`.
    init(
        url: Secret<String>, lane: Int, usesPreparedStatements: Bool, lifetime: Duration, deadline: Deadline,
        diagnose: (String) -> Void = { _ in },
        onExchangeEnd: (@Sendable (Connection, Exchange, _ isBroken: Bool) -> Void)? = nil
    ) throws {
        guard let pointer = unsafe PQconnectStart(url.reveal()) else {
            throw DatabaseError.unavailable(retryAfter: .seconds(1))
        }
        unsafe self.pointer = pointer
        self.lane = lane
        self.usesPreparedStatements = usesPreparedStatements
        self.onExchangeEnd = onExchangeEnd
        retiresAt = .now + lifetime
        do {
            try unsafe Self.finishConnecting(pointer, deadline)
            unsafe canceller = PQgetCancel(pointer)
        } catch {
            diagnose(
                unsafe String(cString: PQerrorMessage(pointer)).split(separator: "\n").first.map(String.init) ?? "")
            throw error  // deinit closes the handle
        }
    }

    deinit {
        if let canceller = unsafe canceller { unsafe PQfreeCancel(canceller) }
        unsafe PQfinish(pointer)
    }

    /// Not to be used again once what is under way has ended: it is old, or a cancel request is out for it, which might
    /// reach whatever runs on it next.
    var isRetired: Bool { retired.load(ordering: .relaxed) || ContinuousClock.now >= retiresAt }

    func retire() { retired.store(true, ordering: .relaxed) }

    /// Retires it and says whether ``cancel()`` is to be called: true once.
    func beginCancelling() -> Bool {
        retire()
        return !cancelling.exchange(true, ordering: .relaxed)
    }

    /// Asks PostgreSQL to end the statement that runs on this connection, over a connection of its own. It blocks: libpq 15
    /// connects without a deadline here, and sends the key in clear also where the connection itself is encrypted.
    func cancel() {
        guard let canceller = unsafe canceller else { return }
        _ = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { reason in
            unsafe PQcancel(canceller, reason.baseAddress, 256)
        }
    }

    /// 150020 for PostgreSQL 15.20.
    var serverVersion: Int32 { unsafe PQserverVersion(pointer) }

    /// Whether a new transaction can begin here: connected, idle, and no byte waiting that nobody asked for (PostgreSQL
    /// says goodbye before it closes; a pooled connection learns of that here and not in the middle of a request).
    var isReusable: Bool {
        guard isFit else { return false }
        var descriptor = pollfd(fd: unsafe PQsocket(pointer), events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) == 0
    }

    /// Idle, and good for more.
    var isFit: Bool { isIdle && !isRetired }

    /// Connected and outside any transaction, as far as is known without asking.
    var isIdle: Bool {
        unsafe PQstatus(pointer) == CONNECTION_OK && PQtransactionStatus(pointer) == PQTRANS_IDLE
    }

    private static func finishConnecting(_ pointer: OpaquePointer, _ deadline: Deadline) throws {
        guard unsafe PQstatus(pointer) != CONNECTION_BAD else {
            throw DatabaseError.unavailable(retryAfter: .seconds(1))
        }
        var next = PGRES_POLLING_WRITING
        while true {
            switch next {
            case PGRES_POLLING_OK:
                guard unsafe PQsetnonblocking(pointer, 1) == 0, unsafe PQenterPipelineMode(pointer) == 1 else {
                    throw DatabaseError.unavailable(retryAfter: .seconds(1))
                }
                unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
                return
            case PGRES_POLLING_READING: try wait(unsafe PQsocket(pointer), for: POLLIN, deadline)
            case PGRES_POLLING_WRITING: try wait(unsafe PQsocket(pointer), for: POLLOUT, deadline)
            default: throw DatabaseError.unavailable(retryAfter: .seconds(1))
            }
            next = unsafe PQconnectPoll(pointer)
        }
    }

    // MARK: - Sending

    /// Queues a command without parameters or rows, such as `SET LOCAL …`.
    func queue(command text: String) throws {
        try check(unsafe PQsendQueryParams(pointer, text, 0, nil, nil, nil, nil, 1))
    }

    /// Queues a statement and returns how many results will come for it: a first use of a prepared one has two.
    func queue(_ statement: Statement) throws -> QueuedStatement {
        guard usesPreparedStatements && statement.isPrepared else { return try queueUnprepared(statement) }
        if let name = prepared[statement.template] {
            try queuePrepared(name, statement.parameters)
            return QueuedStatement(preparing: nil)
        }
        // The plain way when there are too many: this text will be parsed each time.
        guard namesGiven < Self.maximumPrepared else { return try queueUnprepared(statement) }
        let name = "s\(namesGiven)"
        namesGiven += 1
        let types = statement.parameters.places.map(\.type.rawValue)
        try check(unsafe PQsendPrepare(pointer, name, statement.text, Int32(clamping: types.count), types))
        try queuePrepared(name, statement.parameters)
        return QueuedStatement(preparing: .init(template: statement.template, name: name))
    }

    private func queueUnprepared(_ statement: Statement) throws -> QueuedStatement {
        let text = statement.text, types = statement.parameters.places.map(\.type.rawValue)
        try check(
            unsafe statement.parameters.withPointers { count, values, lengths, formats in
                unsafe PQsendQueryParams(pointer, text, count, types, values, lengths, formats, 1)
            })
        return QueuedStatement(preparing: nil)
    }

    private func queuePrepared(_ name: String, _ parameters: Parameters) throws {
        try check(
            unsafe parameters.withPointers { count, values, lengths, formats in
                unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
            })
    }

    /// Ends the exchange: one Sync, and what is queued starts on its way.
    func queueSync() throws {
        try check(unsafe PQpipelineSync(pointer))
        roundTrips += 1
    }

    private func check(_ succeeded: Int32) throws {
        guard succeeded == 1 else { throw DatabaseError.interrupted }
    }

    // MARK: - Receiving

    /// The result of a queued command.
    /// - Throws: `.refused` when PostgreSQL reported an error for it, `.skipped` as `Skipped` when an earlier command of the
    ///   exchange failed, `.interrupted` when the connection broke or the deadline passed.
    func result(_ deadline: Deadline) throws -> QueryResult {
        guard let result = try next(deadline) else { throw DatabaseError.interrupted }
        let status = result.status
        // Every command's results end with a null.
        if status != PGRES_PIPELINE_SYNC { while try next(deadline) != nil {} }
        switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return result
        case PGRES_PIPELINE_ABORTED: throw Skipped()
        case PGRES_FATAL_ERROR:
            throw result.failure
        default: throw DatabaseError.interrupted
        }
    }

    func result(of queued: QueuedStatement, _ deadline: Deadline) throws -> QueryResult {
        if let preparation = queued.preparing {
            _ = try result(deadline)
            notePrepared(preparation)
        }
        return try result(deadline)
    }

    /// From now on the statement is known by name.
    func notePrepared(_ preparation: QueuedStatement.Preparation) {
        prepared[preparation.template] = preparation.name
    }

    /// Passes over what is left of an exchange, up to and including its Sync.
    func finishExchange(_ deadline: Deadline) throws {
        while true {
            // A null here only parts one command's results from the next one's.
            guard let result = try next(deadline) else { continue }
            if result.status == PGRES_PIPELINE_SYNC { return }
        }
    }

    private func next(_ deadline: Deadline) throws -> QueryResult? {
        while true {
            let isSent = try flush()
            switch try takeArrived() {
            case .result(let result): return result
            case .separator: return nil
            case .nothing:
                try Self.wait(unsafe PQsocket(pointer), for: isSent ? POLLIN : POLLIN | POLLOUT, deadline)
                try readArrived()
            }
        }
    }

    // MARK: - Without waiting

    /// What has come and is not taken yet.
    enum Arrival: ~Copyable {
        case result(QueryResult)
        /// Parts one command's results from the next one's.
        case separator
        case nothing
    }

    /// Hands to the kernel what is queued.
    /// - Returns: false when it takes only a part for now.
    func flush() throws -> Bool {
        let unsent = unsafe PQflush(pointer)
        guard unsent >= 0 else { throw DatabaseError.interrupted }
        return unsent == 0
    }

    /// Reads what has arrived.
    func readArrived() throws {
        guard unsafe PQconsumeInput(pointer) == 1 else { throw DatabaseError.interrupted }
    }

    func takeArrived() throws -> Arrival {
        guard unsafe PQisBusy(pointer) == 0 else { return .nothing }
        if let result = unsafe PQgetResult(pointer) { return .result(unsafe QueryResult(owning: result)) }
        guard unsafe PQstatus(pointer) == CONNECTION_OK else { throw DatabaseError.interrupted }
        return .separator
    }

    /// Takes an exchange, behind those that are under way. It is on its way with the next ``send()``.
    /// - Returns: false when the connection failed; the one who asked has been told.
    func queue(_ exchange: Exchange) -> Bool {
        if exchanges.isEmpty { loop = exchange.loop }
        exchanges.append(exchange)
        unsent += 1
        return exchange.begin(on: self)
    }

    /// Sends what is queued as one batch, and has the loop tell of answers. While answers are being taken that is done when
    /// there are no more.
    /// - Returns: false when the connection failed; the first that is under way has been told.
    func send() -> Bool {
        if isTaking { return true }
        guard let loop, let first = exchanges.first else { return true }
        do {
            let isSent = try sendBatch()
            // What the kernel did not take now goes out when the loop tells of what was sent before.
            if !isAwaited { awaitReadiness(isSent ? .reading : [.reading, .writing], on: loop) }
            return true
        } catch {
            first.giveUp()
            return false
        }
    }

    /// - Returns: false when the kernel takes only a part for now.
    private func sendBatch() throws -> Bool {
        if unsent > 0 {
            exchanges.last?.endsBatch = true
            unsent = 0
            try queueSync()
        }
        return try flush()
    }

    /// Has the loop tell, once, when the connection is ready. From then on it is the loop's.
    private func awaitReadiness(_ interest: Interest, on loop: EventLoop) {
        isAwaited = true
        let descriptor = unsafe PQsocket(pointer), interest = interest.union(.once)
        if let watcher = watchers.first(where: { $0.loop === loop }) {
            handOver.store(true, ordering: .releasing)
            watcher.loop.change(descriptor, interest, token: watcher.token)
        } else {
            // Noted before it can fire: the token is made first.
            let token = loop.makeToken()
            watchers.append((loop, token))
            handOver.store(true, ordering: .releasing)
            loop.add(descriptor, interest, self, token: token)
        }
    }

    /// No loop watches it any more. The descriptor closes with the last reference.
    /// - Returns: what was under way.
    @discardableResult
    func stopWatching() -> [Exchange] {
        for (loop, token) in watchers { loop.remove(unsafe PQsocket(pointer), token: token) }
        defer { (watchers, exchanges) = ([], []) }
        return exchanges
    }

    private static func wait(_ descriptor: Int32, for events: Int32, _ deadline: Deadline) throws {
        var descriptor = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let ready = unsafe poll(&descriptor, 1, deadline.pollMilliseconds)
            if ready > 0 { return }
            guard ready < 0 && errno == EINTR else { throw DatabaseError.interrupted }
        }
    }
}

extension Connection: ReadinessHandler {
    func isReady(_ readiness: Readiness) {
        // The kernel has ordered this behind what the other thread did; the language must be told. On another's loop there
        // is nothing to do: whoever reads there gets somebody else's answers.
        guard handOver.load(ordering: .acquiring), let loop, loop === EventLoop.current, let first = exchanges.first
        else { return }
        isAwaited = false
        do {
            _ = try flush()
            try readArrived()
            isTaking = true
            while let exchange = exchanges.first {
                let isLast = exchanges.count == 1
                let progress = exchange.proceed(hasFollower: !isLast)
                if case .waits = progress { break }
                guard case .ended = progress else {
                    isTaking = false
                    return onExchangeEnd?(self, exchange, true) ?? ()
                }
                exchanges.removeFirst()
                let isAnswer = !exchange.mustBeginAgain
                // With nothing under way it is out of hand when it is told so.
                if isLast { isTaking = false }
                onExchangeEnd?(self, exchange, false)
                // The connection is at work for the next one while rows are decoded.
                if !isLast, unsent == exchanges.count { _ = try sendBatch() }
                if isAnswer { exchange.answer() }
                // What begins now has no answer yet.
                if isLast { return }
            }
            isTaking = false
        } catch {
            isTaking = false
            first.giveUp()
            return onExchangeEnd?(self, first, true) ?? ()
        }
        if !send() { onExchangeEnd?(self, first, true) }
    }
}

/// A command was not run because an earlier one of its exchange failed.
struct Skipped: Error {}

/// A statement on its way.
struct QueuedStatement {
    struct Preparation { let template: String, name: String }

    /// When this use prepares it.
    let preparing: Preparation?
}

extension Parameters {
    fileprivate typealias Send = (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Int32

    /// The values as libpq takes them: how many, where each is, how long, and that all are in binary format.
    @unsafe fileprivate func withPointers(_ send: Send) -> Int32 {
        unsafe bytes.withUnsafeBytes { bytes in
            let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    for (index, place) in places.enumerated() {
                        unsafe values[index] =
                            place.length == nil ? nil : base.map { unsafe UnsafePointer($0 + place.offset) }
                        unsafe numbers[index] = place.length ?? 0
                        unsafe numbers[count + index] = 1
                    }
                    let lengths = numbers.baseAddress
                    return unsafe send(
                        Int32(clamping: count), values.baseAddress, lengths, lengths.map { unsafe $0 + count })
                }
            }
        }
    }
}
