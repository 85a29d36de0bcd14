// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution
import Synchronization

/// A transaction of one statement on its way to PostgreSQL and back: BEGIN, the settings, the statement and COMMIT go out
/// together, and what comes back is read as it arrives, on an event loop, so that no thread waits for it.
///
/// It is on a connection from ``begin(on:)`` until ``proceed(hasFollower:)`` says that it has ended there. Others may have been
/// sent behind it, in the same batch or in another: a batch is what one Sync ends. When a statement fails, PostgreSQL skips
/// what is left of the batch, and so those behind it there.
class Exchange: @unchecked Sendable {
    // Guard: whoever holds it. First the pool's line, then the one thread that begins it, from then on its loop.
    private enum Step: UInt8 { case prepared = 1, opening, statement, commit, rollback }

    let loop: EventLoop
    let isQuickRead: Bool
    /// It is a quick read, which others may be sent behind and which may be sent behind such. One that was sent behind a
    /// failure goes alone when it is begun again.
    private(set) var isSharing: Bool
    private let settings: [String]
    private let mode: TransactionMode
    private let statement: Statement
    private var steps = Steps()
    /// Statements that this exchange has PostgreSQL prepare, in order.
    private var preparing: [QueuedStatement.Preparation] = []
    private var result: QueryResult?
    private(set) var failure: DatabaseError?
    private(set) var isAnswered = false
    /// COMMIT has been answered by COMMIT: whatever comes behind, it is done.
    private var isCommitted = false
    /// One before it on its connection has failed and left its transaction open: this one was not even begun.
    private(set) var mustBeginAgain = false
    /// The last of its batch: a Sync comes behind it, and when that is answered it ends. The others end with their COMMIT.
    var endsBatch = false
    private var attempts = 1
    private static let maximumAttempts = 3
    private let underWay = Atomic(false)
    private(set) var connection: Connection?
    /// It meant to write and met a server that only follows: nothing was done, and no connection to it is of use.
    private(set) var hasMetStandby = false
    /// Nil when its end is awaited whatever happens.
    let cancellation: Cancellation?
    /// Longest run, when the query says so.
    let timeout: Duration?
    /// Where the pool keeps it while it is under way.
    var place = 0

    init(
        _ statement: Statement, in scope: some TransactionScope, _ mode: TransactionMode, isQuick: Bool,
        timeout: Duration? = nil, cancellation: Cancellation? = nil, on loop: EventLoop
    ) {
        isQuickRead = isQuick && mode == .read
        isSharing = isQuickRead
        self.statement = statement
        settings = scope.settings + TransactionMode.settings(timeout)
        self.timeout = timeout
        self.cancellation = cancellation
        self.mode = mode
        self.loop = loop
    }

    /// What the results that are still to come belong to: a queue in one word.
    private struct Steps {
        private var word: UInt64 = 0
        private var count: UInt64 = 0

        mutating func append(_ step: Step) {
            word |= UInt64(step.rawValue) << (count * 4)
            count += 1
        }

        var isEmpty: Bool { count == 0 }

        mutating func popFirst() -> Step? {
            guard count > 0 else { return nil }
            defer {
                word >>= 4
                count -= 1
            }
            return Step(rawValue: UInt8(word & 0xF))
        }
    }

    // MARK: - The one who asked

    /// What PostgreSQL answered. Called at most once, and then ``fail(_:)`` is not.
    func succeed(_ result: borrowing QueryResult) {}

    func fail(_ error: any Error) {}

    // MARK: - Going out

    /// It is with the loop: whoever began it does not touch it any more.
    var isUnderWay: Bool { underWay.load(ordering: .acquiring) }

    /// Queues everything but the Sync.
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
            try queue(.commit, .commit, connection)
            underWay.store(true, ordering: .releasing)
            return true
        } catch {
            giveUp()
            return false
        }
    }

    private func queue(_ statement: Statement, _ step: Step, _ connection: Connection) throws {
        if let preparation = try connection.queue(statement).preparing {
            preparing.append(preparation)
            steps.append(.prepared)
        }
        steps.append(step)
    }

    // MARK: - Coming back

    enum Progress { case waits, ended, failed }

    /// Takes what has arrived. Runs on the connection's loop.
    /// - Parameter hasFollower: another exchange was sent behind this one.
    func proceed(hasFollower: Bool) -> Progress {
        guard let connection else { return .failed }
        do {
            while true {
                switch try connection.takeArrived() {
                case .nothing: return .waits
                case .separator:
                    guard steps.isEmpty, !endsBatch else { continue }
                    self.connection = nil
                    return .ended
                case .result(let result):
                    guard result.status == PGRES_PIPELINE_SYNC else {
                        take(result, connection)
                        continue
                    }
                    if try hasEnded(connection, hasFollower) { return .ended }
                }
            }
        } catch {
            giveUp()
            return .failed
        }
    }

    private func take(_ result: consuming QueryResult, _ connection: Connection) {
        let step = steps.popFirst()
        let preparation =
            if case .prepared? = step { preparing.removeFirst() } else { QueuedStatement.Preparation?.none }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            switch step {
            case .prepared: if let preparation { connection.notePrepared(preparation) }
            case .statement: self.result = consume result
            // A commit counts by its tag alone: COMMIT of a failed transaction is answered by ROLLBACK without an error.
            case .commit:
                isCommitted = result.commandTag == "COMMIT"
                if !isCommitted { failure = failure ?? DatabaseError.rolledBack }
            case .opening, .rollback, nil: break
            }
        // After a failed statement PostgreSQL skips the rest of the batch, COMMIT and whoever comes behind.
        case PGRES_PIPELINE_ABORTED: if failure == nil { mustBeginAgain = true }
        default:
            let error = result.failure
            // The first to find it is BEGIN, or the preparing of BEGIN.
            switch step {
            case .opening?, .prepared?: if error.isOpenFailedTransaction { mustBeginAgain = true }
            case .statement?, .commit?, .rollback?, nil: break
            }
            // A server that goes away may say so behind its last answer.
            guard failure == nil, !isCommitted else { return }
            hasMetStandby = mode == .write && error.isFromStandby
            // PostgreSQL has rolled it back whole: it may be run again as if it had never been.
            if error.isPassing || hasMetStandby, attempts < Self.maximumAttempts {
                mustBeginAgain = true
            } else {
                failure = hasMetStandby ? .unavailable(retryAfter: .seconds(1)) : meaning(of: error, at: step)
            }
        }
    }

    /// A server that goes away while the statement runs has changed nothing; while COMMIT runs, nobody knows.
    private func meaning(of error: DatabaseError, at step: Step?) -> DatabaseError {
        if case .interrupted = error, case .commit? = step, mode == .write { .outcomeUnknown } else { error }
    }

    /// The exchange is over on the wire. A failed transaction is still open there, and is rolled back before anyone else
    /// begins one; the one who asked need not wait for that.
    private func hasEnded(_ connection: Connection, _ hasFollower: Bool) throws -> Bool {
        // Whoever was sent behind a failure finds it, ends too, and the last of them rolls it back.
        guard !connection.isIdle && !hasFollower else {
            self.connection = nil
            return true
        }
        guard steps.isEmpty, failure != nil || mustBeginAgain else { throw DatabaseError.interrupted }
        answer()
        try queue(.rollback, .rollback, connection)
        try connection.queueSync()
        guard try connection.flush() else { throw DatabaseError.interrupted }
        return false
    }

    /// Ready to be begun anew, on whatever connection; false when it has been tried often enough.
    func reset() -> Bool {
        guard attempts < Self.maximumAttempts else { return false }
        attempts += 1
        (isSharing, endsBatch) = (false, false)
        (steps, preparing, failure, mustBeginAgain, connection) = (Steps(), [], nil, false, nil)
        result = nil
        (hasMetStandby, isCommitted) = (false, false)
        underWay.store(false, ordering: .relaxed)
        return true
    }

    /// Tells the one who asked, unless that has been done. It comes last: the connection is at work for the next one
    /// while rows are decoded.
    func answer() {
        guard !isAnswered, !mustBeginAgain else { return }
        isAnswered = true
        if let failure { return fail(failure) }
        if let result = result.take() { succeed(result) } else { fail(DatabaseError.interrupted) }
    }

    /// The connection broke, or the deadline has passed. Whether a change was made nobody knows once COMMIT is out, unless
    /// PostgreSQL has refused or confirmed it.
    func giveUp() {
        connection = nil
        if isCommitted { return answer() }
        failure = failure ?? (mode == .read ? DatabaseError.interrupted : DatabaseError.outcomeUnknown)
        answer()
    }
}

/// An exchange whose outcome a task waits for.
@safe final class AwaitedExchange<Output: Sendable>: Exchange, @unchecked Sendable {  // Guard: as its superclass.
    private let read: @Sendable (borrowing QueryResult) throws -> Output
    private let continuation: UnsafeContinuation<Output, any Error>

    init(
        _ query: Query<Output>, in scope: some TransactionScope, _ mode: TransactionMode,
        _ cancellation: Cancellation?, on loop: EventLoop, _ continuation: UnsafeContinuation<Output, any Error>
    ) {
        read = query.read
        unsafe self.continuation = continuation
        super.init(
            query.statement, in: scope, mode, isQuick: query.isQuick, timeout: query.timeout,
            cancellation: cancellation, on: loop)
    }

    override func succeed(_ result: borrowing QueryResult) {
        do { unsafe continuation.resume(returning: try read(result)) } catch {
            unsafe continuation.resume(throwing: error)
        }
    }

    override func fail(_ error: any Error) { unsafe continuation.resume(throwing: error) }
}
