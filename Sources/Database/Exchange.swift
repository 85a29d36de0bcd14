// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution
import Synchronization

/// A transaction of one statement on its way to PostgreSQL and back: BEGIN, the settings, the statement and COMMIT go out
/// together, and what comes back is read as it arrives, on an event loop, so that no thread waits for it.
///
/// It has a connection to itself from ``begin(on:)`` until ``proceed()`` says that it has ended.
class Exchange: @unchecked Sendable {
    // Guard: whoever holds it. First the pool's line, then the one thread that begins it, from then on its loop.
    private enum Step { case prepared(text: String, name: String), opening, statement, commit, rollback }

    let loop: EventLoop
    private let settings: [String]
    private let mode: TransactionMode
    private let statement: Statement
    private let timeout: Duration
    private var steps: ArraySlice<Step> = []
    private var result: QueryResult?
    private var failure: (any Error)?
    private var isAnswered = false
    private let underWay = Atomic(false)
    /// When the transaction has taken too long.
    private(set) var deadline = Deadline(.now)
    private(set) var connection: Connection?

    init(
        _ statement: Statement, in scope: some TransactionScope, _ mode: TransactionMode, timeout: Duration, on loop: EventLoop
    ) {
        self.statement = statement
        self.settings = scope.settings
        self.mode = mode
        self.timeout = timeout
        self.loop = loop
    }

    // MARK: - The one who asked

    /// What PostgreSQL answered. Called at most once, and then ``fail(_:)`` is not.
    func succeed(_ result: borrowing QueryResult) {}

    func fail(_ error: any Error) {}

    // MARK: - Going out

    func startClock() { deadline = .after(timeout) }

    /// Everything has been sent, or handed to the loop to send: nobody else touches it any more.
    var isUnderWay: Bool { underWay.load(ordering: .acquiring) }

    func noteUnderWay() { underWay.store(true, ordering: .releasing) }

    /// Sends everything. From then on the loop tells of answers.
    /// - Returns: false when the connection failed; the one who asked has been told.
    func begin(on connection: Connection) -> Bool {
        self.connection = connection
        do {
            try queue(mode.begin, .opening, connection)
            for setting in settings {
                try connection.queue(command: setting)
                steps.append(.opening)
            }
            try queue(statement, .statement, connection)
            try queue("COMMIT", .commit, connection)
            try connection.queueSync()
            let isSent = try connection.flush()
            connection.awaitReadiness(isSent ? .reading : [.reading, .writing], of: self)
            return true
        } catch {
            giveUp()
            return false
        }
    }

    private func queue(_ statement: Statement, _ step: Step, _ connection: Connection) throws {
        if let (text, name) = try connection.queue(statement).preparing { steps.append(.prepared(text: text, name: name)) }
        steps.append(step)
    }

    // MARK: - Coming back

    enum Progress { case waits, ended, failed }

    /// Reads what has arrived. Runs on ``loop``.
    func proceed() -> Progress {
        guard let connection else { return .failed }
        do {
            let isSent = try connection.flush()
            try connection.readArrived()
            while true {
                switch try connection.takeArrived() {
                case .nothing:
                    connection.awaitReadiness(isSent ? .reading : [.reading, .writing], of: self)
                    return .waits
                case .separator: continue
                case .result(let result):
                    guard result.status == PGRES_PIPELINE_SYNC else {
                        take(result, connection)
                        continue
                    }
                    if try hasEnded(connection) { return .ended }
                }
            }
        } catch {
            giveUp()
            return .failed
        }
    }

    private func take(_ result: consuming QueryResult, _ connection: Connection) {
        let step = steps.popFirst()
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            switch step {
            case .prepared(let text, let name): connection.notePrepared(text, as: name)
            case .statement: self.result = consume result
            // A commit counts by its tag alone: COMMIT of a failed transaction is answered by ROLLBACK without an error.
            case .commit: if result.commandTag != "COMMIT" { failure = failure ?? DatabaseError.rolledBack }
            case .opening, .rollback, nil: break
            }
        // After a failed statement PostgreSQL skips the rest of the pipeline, COMMIT with it.
        case PGRES_PIPELINE_ABORTED: break
        default: failure = failure ?? meaning(of: result.failure, at: step)
        }
    }

    /// A server that goes away while the statement runs has changed nothing; while COMMIT runs, nobody knows.
    private func meaning(of error: DatabaseError, at step: Step?) -> DatabaseError {
        if case .interrupted = error, case .commit? = step, mode == .write { .outcomeUnknown } else { error }
    }

    /// The exchange is over on the wire. A failed transaction is still open there, and is rolled back before anyone else
    /// gets the connection; the one who asked need not wait for that.
    private func hasEnded(_ connection: Connection) throws -> Bool {
        guard !connection.isIdle else {
            self.connection = nil
            return true
        }
        guard !isAnswered, failure != nil else { throw DatabaseError.interrupted }
        answer()
        try queue("ROLLBACK", .rollback, connection)
        try connection.queueSync()
        guard try connection.flush() else { throw DatabaseError.interrupted }
        return false
    }

    /// Tells the one who asked, unless that has been done. It comes last: the connection is at work for the next one
    /// while rows are decoded.
    func answer() {
        guard !isAnswered else { return }
        isAnswered = true
        if let failure { return fail(failure) }
        if let result = result.take() { succeed(result) } else { fail(DatabaseError.interrupted) }
    }

    /// The connection broke, or the deadline has passed. Whether a change was made nobody knows once COMMIT is out, unless
    /// PostgreSQL has refused it.
    func giveUp() {
        connection = nil
        failure = failure ?? (mode == .read ? DatabaseError.interrupted : DatabaseError.outcomeUnknown)
        answer()
    }
}

/// An exchange whose outcome a task waits for.
@safe final class AwaitedExchange<Output: Sendable>: Exchange, @unchecked Sendable {  // Guard: as its superclass.
    private let read: @Sendable (borrowing QueryResult) throws -> Output
    private let continuation: UnsafeContinuation<Output, any Error>

    init(
        _ query: Query<Output>, in scope: some TransactionScope, _ mode: TransactionMode, timeout: Duration,
        on loop: EventLoop, _ continuation: UnsafeContinuation<Output, any Error>
    ) {
        read = query.read
        unsafe self.continuation = continuation
        super.init(query.statement, in: scope, mode, timeout: timeout, on: loop)
    }

    override func succeed(_ result: borrowing QueryResult) {
        do { unsafe continuation.resume(returning: try read(result)) } catch { unsafe continuation.resume(throwing: error) }
    }

    override func fail(_ error: any Error) { unsafe continuation.resume(throwing: error) }
}
