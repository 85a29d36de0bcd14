// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CPostgres

/// Owns one `PGresult`. Values are copied out; no pointer leaves this file.
@safe struct QueryResult: ~Copyable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    var rowCount: Int { Int(unsafe PQntuples(pointer)) }

    /// `INSERT 0 1`, `COMMIT`, …
    var commandTag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    /// Rows that an INSERT, UPDATE or DELETE touched; 0 for other commands.
    var affectedRows: Int { unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Why a command failed.
    var failure: DatabaseError {
        let refusal = refusal
        // 57P01 to 57P03: the server is going away, and this connection with it. Class 08: a pooler says that it has lost the
        // server, or cannot reach it.
        let isEnd = refusal.sqlState == Self.noState || ["57P0", "08"].contains { refusal.sqlState.hasPrefix($0) }
        return isEnd ? .interrupted : .refused(refusal)
    }

    /// What PostgreSQL said of a failed command.
    var refusal: DatabaseError.Refusal {
        DatabaseError.Refusal(
            sqlState: field(UInt8(ascii: "C")) ?? Self.noState, constraint: field(UInt8(ascii: "n")),
            message: unsafe String(cString: PQresultErrorMessage(pointer)))
    }

    /// For errors of libpq's own, such as a broken connection.
    private static let noState = "?????"

    private func field(_ code: UInt8) -> String? {
        guard let text = unsafe PQresultErrorField(pointer, Int32(code)) else { return nil }
        return unsafe String(cString: text)
    }

    /// Every value in PostgreSQL's text format, for administration.
    var textRows: [[String?]] {
        let columns = unsafe PQnfields(pointer)
        return (0..<Int32(clamping: rowCount)).map { row in
            (0..<columns).map { column in
                unsafe PQgetisnull(pointer, row, column) == 1 ? nil : String(cString: PQgetvalue(pointer, row, column))
            }
        }
    }

    var rows: Rows { unsafe Rows(result: pointer) }

    borrowing func map<Output>(_ decode: (inout Row) throws -> Output) throws -> [Output] {
        var outputs: [Output] = []
        outputs.reserveCapacity(rowCount)
        try rows.forEach { row in outputs.append(try decode(&row)) }
        return outputs
    }
}

/// The rows of a result. They live only inside the closure they are given to.
@safe package struct Rows: ~Copyable {
    private let result: OpaquePointer

    fileprivate init(result: OpaquePointer) { unsafe self.result = result }

    package var count: Int { Int(unsafe PQntuples(result)) }

    /// Hands over one row after the other.
    /// - Parameter limit: rows beyond are passed over.
    package func forEach(_ limit: Int = .max, _ body: (inout Row) throws -> Void) throws {
        var row = unsafe Row(result: result, index: 0)
        for index in 0..<min(limit, count) {
            row.move(to: Int32(index))
            try body(&row)
        }
    }

    /// - Parameter index: below ``count``.
    package func at<Output>(_ index: Int, _ body: (inout Row) throws -> Output) throws -> Output {
        precondition(index < count, "there is no such row")
        var row = unsafe Row(result: result, index: Int32(index))
        return try body(&row)
    }
}

/// One row of a result, read column by column. Lives only inside the closure it is given to.
///
/// Columns are asked for by name. Names and types are compared once, for the first row; the other rows are read by number.
@safe package struct Row: ~Copyable {
    private let result: OpaquePointer
    private var index: Int32
    /// What the rows before were asked for, in order, and how many reads this row has had.
    private var resolved: [Resolved] = []
    private var reads = 0

    fileprivate init(result: OpaquePointer, index: Int32) {
        unsafe self.result = result
        self.index = index
        unsafe resolved.reserveCapacity(Int(PQnfields(result)))
    }

    fileprivate mutating func move(to index: Int32) {
        self.index = index
        reads = 0
    }

    /// The column's bytes in PostgreSQL's binary format; nil when it is NULL. Valid until the row moves.
    /// - Throws: `DatabaseError.decoding` when the column is missing or of another type.
    @usableFromInline
    package mutating func bytes(_ name: StaticString, _ first: SQLType, or second: SQLType? = nil) throws
        -> UnsafeRawBufferPointer?
    {
        let column = try self.column(name, first, second)
        let length = unsafe PQgetlength(result, index, column)
        if length == 0, unsafe PQgetisnull(result, index, column) == 1 { return nil }
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(result, index, column), count: Int(length))
    }

    /// A read that a row before this one has made: the same literal in the source, so the same name and type.
    @safe private struct Resolved {
        let name: UnsafePointer<UInt8>
        let column: Int32
    }

    /// The column of a name. The closure reads every row alike, so only the first row's reads have to be looked up.
    private mutating func column(_ name: StaticString, _ first: SQLType, _ second: SQLType?) throws -> Int32 {
        defer { reads += 1 }
        if reads < resolved.count, unsafe resolved[reads].name == name.utf8Start { return resolved[reads].column }
        let column = unsafe PQfnumber(
            result, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
        let type = unsafe column >= 0 ? PQftype(result, column) : 0
        guard column >= 0, type == first.rawValue || type == second?.rawValue else {
            throw DatabaseError.decoding(column: "\(name)")
        }
        // A closure that reads some columns in some rows only is looked up anew from where it differs.
        if reads <= resolved.count {
            resolved.removeSubrange(reads...)
            unsafe resolved.append(Resolved(name: name.utf8Start, column: column))
        }
        return column
    }
}
