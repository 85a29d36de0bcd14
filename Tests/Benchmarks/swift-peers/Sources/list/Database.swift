// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CLibpq
import Foundation
import NIOPosix

struct Refused: Error {}

/// A connection whose calls block: they are made on a thread pool.
final class Connection: @unchecked Sendable {
    private let handle: OpaquePointer?

    init(_ url: String) throws {
        handle = PQconnectdb(url)
        guard PQstatus(handle) == CONNECTION_OK else { throw Refused() }
        let statement = """
            SELECT id, name, phone, email, stage, array_to_string(tags, ';'), notes, version,
                   extract(epoch FROM created_at), extract(epoch FROM updated_at)
            FROM app.customers WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2
            """
        PQclear(PQprepare(handle, "list", statement, 0, nil))
    }

    private func run(_ statement: String) throws {
        let result = PQexec(handle, statement)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw Refused() }
    }

    func customers(of tenant: UUID, limit: Int) throws -> [Customer] {
        try run("BEGIN READ ONLY")
        try run("SET LOCAL app.tenant_id = '\(tenant)'")
        let customers = try "\(tenant)".withCString { tenant in
            try "\(limit)".withCString { limit in
                let result = PQexecPrepared(handle, "list", 2, [tenant, limit], nil, nil, 0)
                defer { PQclear(result) }
                guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw Refused() }
                return try (0..<PQntuples(result)).map { row in
                    func text(_ column: Int32) -> String? {
                        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
                    }
                    func value<Value>(_ column: Int32, _ read: (String) -> Value?) throws -> Value {
                        guard let value = text(column).flatMap(read) else { throw Refused() }
                        return value
                    }
                    return Customer(
                        id: try value(0) { UUID(uuidString: $0) }, name: text(1), phone: text(2), email: text(3),
                        stage: try value(4) { $0 }, tags: try value(5) { $0.split(separator: ";").map(String.init) },
                        notes: text(6), version: try value(7) { Int($0) },
                        createdAt: Date(timeIntervalSince1970: try value(8) { Double($0) }),
                        updatedAt: Date(timeIntervalSince1970: try value(9) { Double($0) }))
                }
            }
        }
        try run("COMMIT")
        return customers
    }
}

/// A few connections, lent to whoever has waited longest.
actor Pool {
    private var idle: [Connection]
    private var waiting: [CheckedContinuation<Connection, Never>] = []

    init(_ url: String, size: Int) throws { idle = try (0..<size).map { _ in try Connection(url) } }

    private func take() async -> Connection {
        if let connection = idle.popLast() { return connection }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func give(_ connection: Connection) {
        guard !waiting.isEmpty else { return idle.append(connection) }
        waiting.removeFirst().resume(returning: connection)
    }

    func customers(of tenant: UUID, limit: Int) async throws -> [Customer] {
        let connection = await take()
        defer { give(connection) }
        return try await NIOThreadPool.singleton.runIfActive { try connection.customers(of: tenant, limit: limit) }
    }
}
