// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What went wrong between the server and PostgreSQL.
///
/// `description` holds SQLSTATE and constraint at most, since messages of PostgreSQL quote rows; the whole text is in
/// `debugDescription`, for operators' logs and migrations.
package enum DatabaseError: Error, Sendable {
    /// PostgreSQL refused a statement; the transaction has been rolled back.
    case refused(Refusal)
    /// No connection can be had at present: PostgreSQL is down, starting or refusing us.
    case unavailable(retryAfter: Duration)
    /// All connections are busy and the line of those who wait is full, or the wait was too long.
    case busy
    /// The connection broke, or the deadline passed, before COMMIT was sent: nothing has happened.
    case interrupted
    /// The connection broke, or the deadline passed, after COMMIT was sent and before its answer: it may have happened.
    /// Never run such a transaction again without looking first.
    case outcomeUnknown
    /// COMMIT was answered by ROLLBACK: a failed statement had been passed over.
    case rolledBack
    /// A result does not have the shape the query promised.
    case decoding(column: String)

    package struct Refusal: Sendable {
        /// Five characters (PostgreSQL manual, Appendix A).
        package let sqlState: String
        /// Name of the violated constraint, if one was.
        package let constraint: String?
        /// PostgreSQL's whole message. May quote personal data.
        package let message: String
    }

    /// The statement found a transaction open that had failed (SQLSTATE 25P02).
    var isOpenFailedTransaction: Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.sqlState == "25P02"
    }

    /// Whether the transaction was rolled back for the sake of others, and would go through if it were run again: a
    /// serialization failure or a deadlock.
    var isPassing: Bool {
        guard case .refused(let refusal) = self else { return false }
        return ["40001", "40P01"].contains(refusal.sqlState)
    }

    /// Whether a transaction that means to write has met a server that only follows another: it was demoted, or the other
    /// promoted, since we connected (SQLSTATE 25006; 0A000 from BEGIN READ WRITE).
    var isFromStandby: Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.sqlState == "25006" || refusal.sqlState == "0A000" && refusal.message.contains("recovery")
    }

    /// Whether the named constraint is what stopped the statement.
    package func violates(_ constraint: String) -> Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.constraint == constraint
    }
}

extension DatabaseError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        switch self {
        case .refused(let refusal):
            "PostgreSQL refused: SQLSTATE \(refusal.sqlState)" + (refusal.constraint.map { ", constraint \($0)" } ?? "")
        case .unavailable: "PostgreSQL is unavailable"
        case .busy: "all database connections are busy"
        case .interrupted: "the connection to PostgreSQL was interrupted before COMMIT"
        case .outcomeUnknown: "the connection to PostgreSQL was interrupted during COMMIT"
        case .rolledBack: "COMMIT was answered by ROLLBACK"
        case .decoding(let column): "column \(column) is missing or has another type"
        }
    }

    package var debugDescription: String {
        guard case .refused(let refusal) = self else { return description }
        return description + ": " + refusal.message
    }
}
