// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres
import Core
import Execution

/// A plain, blocking connection for administration: it takes several statements in one text, as a migration file is.
/// The server never uses it to answer a request.
@safe package struct AdminConnection: ~Copyable {
    private let pointer: OpaquePointer

    /// - Throws: ``AdminError`` with libpq's reason.
    package init(url: Secret<String>) throws {
        guard let pointer = unsafe PQconnectdb(url.reveal()) else {
            throw AdminError(sqlState: "", message: "out of memory")
        }
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
            let message = unsafe String(cString: PQerrorMessage(pointer))
            unsafe PQfinish(pointer)
            throw AdminError(sqlState: "08001", message: message)
        }
        unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        unsafe self.pointer = pointer
    }

    deinit { unsafe PQfinish(pointer) }

    package var serverVersion: Int { Int(unsafe PQserverVersion(pointer)) }

    /// Runs one or more statements and returns the rows of the last one as text.
    /// - Throws: ``AdminError``.
    @discardableResult
    package borrowing func run(_ text: String) throws -> [[String?]] {
        guard let pointer = unsafe PQexec(pointer, text) else { throw error(state: "08006") }
        let result = unsafe QueryResult(owning: pointer)
        return try rows(result)
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

    package var description: String { message.trimmingWhitespace }
}
