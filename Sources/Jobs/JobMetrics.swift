// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Metrics

struct JobMetrics: Sendable {
    let factory: any MetricsFactory

    func note(_ job: ClaimedJob, _ outcome: JobOutcome, took: Duration) {
        Counter(
            label: "jobs_ended_total", dimensions: [("kind", job.kind), ("outcome", outcome.name)], factory: factory
        ).increment()
        Timer(label: "job_duration_seconds", dimensions: [("kind", job.kind)], factory: factory)
            .recordNanoseconds(Int64(clamping: took.nanoseconds))
        Timer(label: "job_wait_seconds", factory: factory).recordNanoseconds(Int64(clamping: job.waited.nanoseconds))
    }

    func note(_ depths: [(state: String, count: Int, oldest: Int)]) {
        for state in JobState.allCases {
            let depth = depths.first { $0.state == state.rawValue }
            Gauge(label: "jobs", dimensions: [("state", state.rawValue)], factory: factory).record(depth?.count ?? 0)
            if state == .available {
                Gauge(label: "jobs_oldest_available_seconds", factory: factory).record(depth?.oldest ?? 0)
            }
        }
    }
}

extension JobOutcome {
    fileprivate var name: String {
        switch self {
        case .done: "done"
        case .retry: "retry"
        case .dead: "dead"
        case .cancelled: "cancelled"
        case .released: "released"
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int {
        milliseconds * 1_000_000 + Int(components.attoseconds / 1_000_000_000 % 1_000_000)
    }
}
