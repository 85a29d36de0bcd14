// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

/// Who does which kind of work.
package struct JobHandlers: Sendable {
    struct Entry: Sendable {
        let timeout: Duration
        let run: @Sendable (_ arguments: String, JobAttempt) async throws -> Void
    }

    private(set) var entries: [String: Entry] = [:]

    package init() {}

    /// - Parameter handle: does the work, or throws: ``JobFailure``, or anything else to be asked again later. Does no harm when
    ///   it is asked twice, ends when its task is cancelled, and reads the business's rows as `unnati_app`.
    package mutating func on<J: Job>(
        _: J.Type, _ handle: @escaping @Sendable (J, JobAttempt) async throws -> Void
    ) {
        entries[J.kind] = Entry(timeout: J.timeout) { arguments, attempt in
            let job: J
            // Another build has asked for it: one that is newer will understand, or an older one that is still about.
            do { job = try JSONDecoding.decode(J.self, from: Array(arguments.utf8)) } catch {
                throw UnreadableArguments()
            }
            try await handle(job, attempt)
        }
    }
}

struct UnreadableArguments: Error {}

/// How far a job says it has got; written down now and then.
final class JobProgress: Sendable {
    private let percent = Lock<(said: Int, written: Int)>((0, 0))

    func note(_ percent: Int) { self.percent.with { $0.said = min(max(percent, 0), 100) } }

    /// What has not been written yet.
    func news() -> Int? {
        percent.with { percent in
            guard percent.said != percent.written else { return nil }
            percent.written = percent.said
            return percent.said
        }
    }
}
