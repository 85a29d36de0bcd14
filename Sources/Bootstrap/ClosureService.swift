// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ServiceLifecycle

/// One thing that a process does from start to end.
struct ClosureService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await body() }
}
