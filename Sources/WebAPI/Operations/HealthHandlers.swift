// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import HTTPMessage
import HTTPTypes
import JSON

/// Is the process alive, and should it get traffic?
package struct HealthHandlers: Sendable {
    private let database: ConnectionPool
    private let isDraining: @Sendable () -> Bool

    package init(database: ConnectionPool, isDraining: @escaping @Sendable () -> Bool) {
        self.database = database
        self.isDraining = isDraining
    }

    package func mount(open: RouteGroup<OpenContext>) {
        open.get("/livez", operation: "getLiveness", access: .everyone, atOnce: { _, _ in .json(bytes: Self.alive) })
        open.get("/readyz", operation: "getReadiness", access: .everyone) { _, _ in try await readiness() }
    }

    private static let alive = Array(#"{"status":"alive"}"#.utf8), ready = Array(#"{"status":"ready"}"#.utf8)

    /// Ready when the database answers and no shutdown has begun. The schema was checked at start and cannot go back.
    private func readiness() async throws -> Response {
        var error = APIError(
            .serviceUnavailable, .notReady,
            isDraining() ? "The server is shutting down." : "The database does not answer.")
        error.retryAfter = .seconds(1)
        guard !isDraining() else { throw error }
        do {
            _ = try await database.read(
                .one("SELECT true AS answers") { row in try row.decode("answers") as Bool }, in: .directory)
        } catch is DatabaseError {
            throw error
        }
        return .json(bytes: Self.ready)
    }
}
