// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import Glibc

/// What Linux knows about this process, under the names that Prometheus clients use.
package enum ProcessReadings {
    package static func take() -> [Prometheus.Reading] {
        let pages =
            (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first
            .flatMap { Int($0) } ?? 0
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0
        return [
            .gauge("process_resident_memory_bytes", pages * Int(sysconf(Int32(_SC_PAGESIZE)))),
            .gauge("process_open_fds", descriptors),
            .gauge("process_start_time_seconds", startedAt.seconds),
        ]
    }

    private static let startedAt = Instant.now()
}
