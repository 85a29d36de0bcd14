// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// How an import fares, told as it goes on: a state at once, one whenever it has changed, and the last when it has ended.
package struct ImportProgress: AsyncSequence, Sendable {
    package enum Element: Sendable {
        case state(CustomerImport)
        /// Nothing has changed for a while.
        case quiet
    }
    package typealias Failure = any Error

    private static let interval = Duration.milliseconds(400)
    /// Long enough to cost nothing, and shorter than any proxy's patience.
    private static let quietAfter = Duration.seconds(15)

    private let imports: CustomerImportService
    private let first: CustomerImport
    private let caller: Caller
    private let mustStop: @Sendable () -> Bool

    /// - Parameter mustStop: asked several times a second; a server that goes away says so, and watchers come again.
    /// - Throws: `CustomerImportError.unknown`.
    init(
        of id: CustomerImport.ID, _ imports: CustomerImportService, for caller: Caller,
        until mustStop: @escaping @Sendable () -> Bool
    ) async throws {
        self.imports = imports
        self.caller = caller
        self.mustStop = mustStop
        first = try await imports.find(id, for: caller)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(progress: self) }

    package struct Iterator: AsyncIteratorProtocol {
        private let progress: ImportProgress
        private var seen: CustomerImport?
        private var toldAt = ContinuousClock.now

        fileprivate init(progress: ImportProgress) { self.progress = progress }

        package mutating func next() async throws -> Element? {
            guard let seen else { return tell(progress.first) }
            guard [.receiving, .running, .undoing].contains(seen.state) else { return nil }
            while true {
                try await Task.sleep(for: ImportProgress.interval)
                if progress.mustStop() { return nil }
                let found = try await progress.imports.find(seen.id, for: progress.caller)
                if found.updatedAt != seen.updatedAt || found.state != seen.state { return tell(found) }
                if ContinuousClock.now - toldAt >= ImportProgress.quietAfter {
                    toldAt = .now
                    return .quiet
                }
            }
        }

        private mutating func tell(_ found: CustomerImport) -> Element {
            seen = found
            toldAt = .now
            return .state(found)
        }
    }
}
