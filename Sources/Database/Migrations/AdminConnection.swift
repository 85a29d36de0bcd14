// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution
import Glibc

/// A plain, blocking connection for administration: it takes several statements in one text, as a migration file is.
/// The server never uses it to answer a request.
@safe package struct AdminConnection: ~Copyable {
    private let pointer: OpaquePointer

    /// - Parameter url: may say `connect_timeout` and `application_name` itself.
    /// - Throws: ``AdminError`` with libpq's reason.
    package init(url: Secret<String>) throws {
        guard let pointer = unsafe Self.connect(url) else { throw AdminError(sqlState: "", message: "out of memory") }
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
            let message = unsafe String(cString: PQerrorMessage(pointer))
            unsafe PQfinish(pointer)
            throw AdminError(
                sqlState: "08001", message: message.trimmingWhitespace + "\nCheck address, database, role and password."
            )
        }
        unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        unsafe self.pointer = pointer
    }

    deinit { unsafe PQfinish(pointer) }

    /// What the URL says stands behind the defaults, and so wins over them.
    private static func connect(_ url: Secret<String>) -> OpaquePointer? {
        let settings = [("connect_timeout", "10"), ("application_name", "unnati"), ("dbname", url.reveal())]
        let names = unsafe settings.map { unsafe strdup($0.0) }, values = unsafe settings.map { unsafe strdup($0.1) }
        defer { unsafe (names + values).forEach { unsafe free($0) } }
        return unsafe PQconnectdbParams(
            names.map { unsafe UnsafePointer($0) } + [nil], values.map { unsafe UnsafePointer($0) } + [nil], 1)
    }

    /// The number of the process that serves this connection, as PostgreSQL has announced it.
    package var backendID: Int { Int(unsafe PQbackendPID(pointer)) }

    package var serverVersion: Int { Int(unsafe PQserverVersion(pointer)) }

    /// Runs one or more statements and returns the rows of the last one as text.
    /// - Throws: ``AdminError``.
    @discardableResult
    package borrowing func run(_ text: String) throws -> [[String?]] {
        guard let pointer = unsafe PQexec(pointer, text) else { throw error(state: "08006") }
        let result = unsafe QueryResult(owning: pointer)
        return try rows(result)
    }

    /// The first column of the first row.
    package borrowing func value(_ text: String) throws -> String? { try run(text).first?.first ?? nil }

    /// Whether row security hides rows from whoever is signed in here.
    package borrowing func isBoundByRowSecurity() throws -> Bool {
        try value("SELECT rolbypassrls OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") != "t"
    }

    /// Runs one statement.
    /// - Returns: how many rows it touched, or found.
    package borrowing func change(_ text: String) throws -> Int {
        guard let pointer = unsafe PQexec(pointer, text) else { throw error(state: "08006") }
        let result = unsafe QueryResult(owning: pointer)
        let count = result.affectedRows
        _ = try rows(result)
        return count
    }

    /// Runs one statement with parameters.
    @discardableResult
    package borrowing func run(_ text: String, _ parameters: [String]) throws -> [[String?]] {
        // All values in one buffer, each ended by NUL; pointers into it live inside the closure.
        let text = text, bytes = parameters.flatMap { $0.utf8CString }
        let lengths = parameters.map { $0.utf8CString.count }
        let result = unsafe bytes.withUnsafeBufferPointer { buffer in
            var values: [UnsafePointer<CChar>?] = unsafe [], offset = 0
            for length in lengths {
                unsafe values.append(buffer.baseAddress.map { unsafe $0 + offset })
                offset += length
            }
            return unsafe PQexecParams(pointer, text, Int32(clamping: values.count), nil, values, nil, nil, 0)
        }
        guard let result = unsafe result else { throw error(state: "08006") }
        return try rows(unsafe QueryResult(owning: result))
    }

    private borrowing func rows(_ result: borrowing QueryResult) throws -> [[String?]] {
        guard
            result.status == PGRES_COMMAND_OK || result.status == PGRES_TUPLES_OK || result.status == PGRES_EMPTY_QUERY
        else {
            let refusal = result.refusal
            throw AdminError(sqlState: refusal.sqlState, message: refusal.message)
        }
        return result.textRows
    }

    private borrowing func error(state: String) -> AdminError {
        AdminError(sqlState: state, message: unsafe String(cString: PQerrorMessage(pointer)))
    }
}

/// An error shown whole to an administrator, who may see what PostgreSQL says.
package struct AdminError: Error, CustomStringConvertible, Sendable {
    package let sqlState: String
    package let message: String

    package var description: String { [message.trimmingWhitespace, advice].compactMap { $0 }.joined(separator: "\n") }

    /// What to do, where PostgreSQL's own words do not say it.
    private var advice: String? {
        switch sqlState {
        case "53100": "The database's disk is full. Make room and run this again; nothing is lost."
        case "53300": "All of the database's connections are taken. Run this again, or raise max_connections."
        case "57014":
            "It took longer than its time-out allows. Nothing is lost; the file may set another with `-- statement-timeout:`."
        case "55P03":
            "Others hold the lock for long: see who in pg_stat_activity, and run this again at a quieter time."
        case "42501": "Run docker/roles.sql again as a superuser, and sign in as unnati_owner."
        case "08006", "57P01", "57P02", "57P03":
            "The connection to the database was lost. Run this again when it is back."
        default: nil
        }
    }
}
