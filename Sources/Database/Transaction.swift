// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution

/// What a transaction is allowed to see, as settings that the row-security policies compare with.
package protocol TransactionScope: Sendable {
    /// `SET LOCAL` commands; values are rendered from UUIDs, never from text (docs/decisions/0016).
    var settings: [String] { get }
}

/// Rows of one business.
package struct TenantScope: TransactionScope, HasTenant {
    package let tenantID: TenantID
    package var settings: [String] { ["SET LOCAL app.tenant_id = '\(tenantID.uuid.hex)'"] }
}

/// A person's own rows: credentials and sessions.
package struct UserScope: TransactionScope, HasUser {
    package let userID: UserID
    package var settings: [String] { ["SET LOCAL app.user_id = '\(userID.uuid.hex)'"] }
}

/// Both at once: a person founding or entering a business.
package struct MemberScope: TransactionScope, HasTenant, HasUser {
    package let tenantID: TenantID, userID: UserID
    package var settings: [String] { TenantScope(tenantID: tenantID).settings + UserScope(userID: userID).settings }
}

/// Nothing but the listed directory functions and operational tables.
package struct DirectoryScope: TransactionScope {
    package var settings: [String] { [] }
}

extension TransactionScope where Self == TenantScope {
    package static func tenant(_ id: TenantID) -> TenantScope { TenantScope(tenantID: id) }
}

extension TransactionScope where Self == UserScope {
    package static func user(_ id: UserID) -> UserScope { UserScope(userID: id) }
}

extension TransactionScope where Self == DirectoryScope {
    package static var directory: DirectoryScope { DirectoryScope() }
}

package protocol HasTenant { var tenantID: TenantID { get } }
package protocol HasUser { var userID: UserID { get } }

package typealias TenantTransaction = Transaction<TenantScope>
package typealias UserTransaction = Transaction<UserScope>
package typealias MemberTransaction = Transaction<MemberScope>

package enum TransactionMode: Sendable {
    case read, write

    var begin: Statement { self == .read ? Self.beginReading : Self.beginWriting }

    /// What ends a statement that runs for too long.
    static func settings(_ timeout: Duration?) -> [String] {
        timeout.map { ["SET LOCAL statement_timeout = \(max(1, Int($0 / .milliseconds(1))))"] } ?? []
    }

    private static let beginReading: Statement = "BEGIN READ ONLY", beginWriting: Statement = "BEGIN READ WRITE"
}

/// An open transaction, for the length of the closure it is given to: it cannot be copied out of it.
package struct Transaction<Scope: TransactionScope>: ~Copyable {
    package let scope: Scope
    /// Of the task that asked for it, which is not the one that runs its body.
    package let trace: TraceContext?
    package let origin: RequestOrigin?
    private let connection: Connection
    private let mode: TransactionMode
    private let timeout: Duration?
    private let deadline: Deadline
    private let progress = Progress()

    /// Mutable while the transaction itself is borrowed; used by the one thread that runs the closure.
    private final class Progress {
        var hasBegun = false
        var isDone = false
        /// COMMIT has been handed to the connection.
        var isCommitting = false
        var afterCommit: [@Sendable () -> Void] = []
    }

    /// - Parameter timeout: for each of its statements; nil for the role's own.
    init(
        _ scope: Scope, on connection: Connection, _ mode: TransactionMode, timeout: Duration?, _ deadline: Deadline,
        trace: TraceContext?, origin: RequestOrigin?
    ) {
        self.scope = scope
        self.trace = trace
        self.origin = origin
        self.connection = connection
        self.mode = mode
        self.timeout = timeout
        self.deadline = deadline
    }

    // MARK: - Queries

    /// Every row, decoded.
    package borrowing func all<Output>(_ statement: Statement, _ decode: (inout Row) throws -> Output) throws
        -> [Output]
    {
        try run(statement).map(decode)
    }

    /// The first row, if there is one.
    package borrowing func first<Output>(_ statement: Statement, _ decode: (inout Row) throws -> Output) throws
        -> Output?
    {
        try run(statement).map(decode).first
    }

    /// The only row.
    /// - Throws: `DatabaseError.decoding` when there is none.
    package borrowing func one<Output>(_ statement: Statement, _ decode: (inout Row) throws -> Output) throws -> Output
    {
        guard let output = try first(statement, decode) else { throw DatabaseError.decoding(column: "(no row)") }
        return output
    }

    /// How many rows were inserted, updated or deleted.
    @discardableResult
    package borrowing func execute(_ statement: Statement) throws -> Int {
        try run(statement).affectedRows
    }

    /// What could also be a transaction of its own.
    package borrowing func run<Output>(_ query: Query<Output>) throws -> Output { try query.read(run(query.statement)) }

    /// Has something done when this is committed, or may have been. It is quick and does not fail.
    package borrowing func afterCommit(_ action: @escaping @Sendable () -> Void) { progress.afterCommit.append(action) }

    // MARK: - The exchange with PostgreSQL

    /// BEGIN, the settings and the first statement share a round trip; each later statement has its own.
    private borrowing func run(_ statement: Statement) throws -> QueryResult {
        let opening = try progress.hasBegun ? [] : queueOpening()
        progress.hasBegun = true
        let queued = try connection.queue(statement)
        try connection.queueSync()
        return try receive { deadline in
            for command in opening { _ = try connection.result(of: command, deadline) }
            return try connection.result(of: queued, deadline)
        }
    }

    private borrowing func queueOpening() throws -> [QueuedStatement] {
        var queued = [try connection.queue(mode.begin)]
        for setting in scope.settings + TransactionMode.settings(timeout) {
            try connection.queue(command: setting)
            queued.append(QueuedStatement(preparing: nil))
        }
        return queued
    }

    /// Reads results, then the end of the exchange also when one of them was an error.
    private borrowing func receive(_ body: (Deadline) throws -> QueryResult) throws -> QueryResult {
        let result: QueryResult
        do {
            result = try body(deadline)
        } catch let error as DatabaseError {
            if case .refused = error { try? connection.finishExchange(deadline) }
            throw error
        }
        try connection.finishExchange(deadline)
        return result
    }

    private borrowing func checkCommit(_ result: borrowing QueryResult) throws {
        // A commit counts by its tag alone: COMMIT of a failed transaction is answered by ROLLBACK without an error.
        guard result.commandTag == "COMMIT" else {
            progress.isCommitting = false
            throw DatabaseError.rolledBack
        }
        progress.isDone = true
    }

    // MARK: - The end

    /// Commits what the closure did.
    borrowing func commit() throws {
        guard progress.hasBegun, !progress.isDone else { return }
        let commit = try connection.queue(.commit)
        progress.isCommitting = true
        defer { for action in progress.afterCommit { action() } }
        try connection.queueSync()
        do {
            try checkCommit(connection.result(of: commit, deadline))
        } catch let error as DatabaseError {
            if case .refused = error {
                // A deferred constraint: PostgreSQL has rolled back and said why.
                progress.isCommitting = false
                progress.isDone = true
                try? connection.finishExchange(deadline)
            }
            throw error
        }
        // It is done, also where the connection breaks behind the answer; the pool finds out.
        try? connection.finishExchange(deadline)
    }

    /// Leaves the connection as it was found. What fails here leaves it unfit for reuse, which the pool then sees.
    borrowing func rollBack() {
        guard progress.hasBegun, !progress.isDone else { return }
        guard let command = try? connection.queue(.rollback), (try? connection.queueSync()) != nil else { return }
        _ = try? connection.result(of: command, deadline).commandTag
        try? connection.finishExchange(deadline)
    }

    /// An interruption means "nothing happened" before COMMIT went out or in a read, and "nobody knows" after.
    borrowing func meaning(of error: any Error) -> any Error {
        guard case .interrupted? = error as? DatabaseError, progress.isCommitting, mode == .write else {
            return error
        }
        return DatabaseError.outcomeUnknown
    }
}

extension Transaction where Scope: HasTenant {
    /// The business whose rows this transaction sees. Every statement on a tenant table names it as well.
    package var tenantID: TenantID { scope.tenantID }
}

extension Transaction where Scope: HasUser {
    package var userID: UserID { scope.userID }
}
