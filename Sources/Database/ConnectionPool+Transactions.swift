// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution

/// Transactions of more than one statement. They block, on their connection's lane.
extension ConnectionPool {
    /// Runs `body` on the rows of one business. A body is run again, up to three times in all, when PostgreSQL has rolled it
    /// back for the sake of others: it does nothing but ask the transaction and make its output.
    /// - Parameter timeout: longest run of each of its statements; nil for the role's own (`docker/roles.sql`).
    @discardableResult
    package func withTenant<Output: Sendable>(
        _ tenantID: TenantID, _ mode: TransactionMode = .write, timeout: Duration? = nil,
        _ body: @escaping @Sendable (borrowing TenantTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(TenantScope(tenantID: tenantID), mode, timeout, body)
    }

    /// Runs `body` on a person's own rows.
    @discardableResult
    package func withUser<Output: Sendable>(
        _ userID: UserID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing UserTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(UserScope(userID: userID), mode, nil, body)
    }

    /// Runs `body` on a person's own rows and those of one business together.
    @discardableResult
    package func withMember<Output: Sendable>(
        _ userID: UserID, of tenantID: TenantID, _ mode: TransactionMode = .write,
        _ body: @escaping @Sendable (borrowing MemberTransaction) throws -> Output
    ) async throws -> Output {
        try await transaction(MemberScope(tenantID: tenantID, userID: userID), mode, nil, body)
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode, _ timeout: Duration?,
        _ body: @escaping @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        guard mode == .read else {
            defer { replica?.noteWrite(in: scope) }
            return try await transaction(scope, mode, timeout, nil, body)
        }
        return try await Cancellation.watching { try await transaction(scope, mode, timeout, $0, body) }
    }

    private func transaction<Scope: TransactionScope, Output: Sendable>(
        _ scope: Scope, _ mode: TransactionMode, _ timeout: Duration?, _ cancellation: Cancellation?,
        _ body: @escaping @Sendable (borrowing Transaction<Scope>) throws -> Output
    ) async throws -> Output {
        let trace = TraceContext.current, origin = RequestOrigin.current
        let longest = max(configuration.transactionTimeout, timeout ?? .zero)
        var attempt = 1
        while true {
            do {
                return try await lease(cancellation) { connection in
                    try Self.run(scope, on: connection, mode, timeout, .after(longest), trace, origin, body)
                }
            } catch let error as DatabaseError where attempt < Self.maximumAttempts {
                // Rolled back whole: it may be run again as if it had never been.
                guard error.isPassing || mode == .write && error.isFromStandby else { throw error }
                attempt += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...10 * attempt)))
            } catch let error as DatabaseError where error.isFromStandby {
                throw DatabaseError.unavailable(retryAfter: .seconds(1))
            }
        }
    }

    private static let maximumAttempts = 3

    /// Runs `body` on a connection's lane.
    private func lease<Output: Sendable>(
        _ cancellation: Cancellation?, _ body: @escaping @Sendable (Connection) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            let work = Work.blocking(cancellation) { connection in
                let before = connection.roundTrips
                if let cancellation {
                    self.blocking.with {
                        $0[connection.lane] = Blocking(cancellation: cancellation, connection: connection)
                    }
                }
                let result = Result { try body(connection) }
                self.blocking.with { $0[connection.lane] = nil }
                if case .failure(let error as DatabaseError) = result, error.isFromStandby {
                    self.leaveStandby(connection)
                }
                self.counts.with { $0.roundTrips += connection.roundTrips - before }
                continuation.resume(with: result)
            } refuse: { error in
                continuation.resume(throwing: error)
            }
            place(work, deadline: .after(configuration.leaseTimeout))
        }
    }

    private static func run<Scope: TransactionScope, Output>(
        _ scope: Scope, on connection: Connection, _ mode: TransactionMode, _ timeout: Duration?, _ deadline: Deadline,
        _ trace: TraceContext?, _ origin: RequestOrigin?,
        _ body: (borrowing Transaction<Scope>) throws -> Output
    ) throws -> Output {
        let transaction = Transaction(
            scope, on: connection, mode, timeout: timeout, deadline, trace: trace, origin: origin)
        do {
            let output = try body(transaction)
            try transaction.commit()
            return output
        } catch {
            let meaning = transaction.meaning(of: error)
            transaction.rollBack()
            throw meaning
        }
    }
}
