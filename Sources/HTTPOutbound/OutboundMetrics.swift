// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Metrics

struct OutboundMetrics: Sendable {
    let factory: any MetricsFactory

    func note(_ provider: String, _ outcome: String) {
        Counter(
            label: "outbound_calls_total", dimensions: [("provider", provider), ("outcome", outcome)], factory: factory
        ).increment()
    }

    func noteDuration(_ provider: String, _ took: Duration) {
        Timer(label: "outbound_call_duration_seconds", dimensions: [("provider", provider)], factory: factory)
            .recordNanoseconds(Int64(clamping: Int64(took / .nanoseconds(1))))
    }

    func noteRetry(_ provider: String) {
        Counter(label: "outbound_retries_total", dimensions: [("provider", provider)], factory: factory).increment()
    }

    /// 1 while the provider is left alone.
    func noteCircuit(_ provider: String, isClosed: Bool) {
        Gauge(label: "outbound_circuit_open", dimensions: [("provider", provider)], factory: factory)
            .record(isClosed ? 0 : 1)
    }
}

extension OutboundError {
    /// What it tells of the provider: that it, or the way to it, is at fault; that it has answered; or nothing.
    var verdict: CircuitBreaker.Verdict {
        switch self {
        case .unresolvable, .unreachable, .untrusted, .handshakeFailed, .timedOut, .brokenOff, .malformed, .failed:
            .failed
        case .tooLarge: .answered
        case .busy, .resting, .forbiddenField, .addressRefused, .bodyFailed, .stopped: .silent
        }
    }

    /// A short word for a label.
    var outcome: String {
        switch self {
        case .busy: "busy"
        case .resting: "resting"
        case .forbiddenField: "forbidden_field"
        case .unresolvable: "unresolvable"
        case .addressRefused: "address_refused"
        case .unreachable: "unreachable"
        case .untrusted: "untrusted"
        case .handshakeFailed: "handshake_failed"
        case .timedOut: "timed_out"
        case .brokenOff: "broken_off"
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .bodyFailed: "body_failed"
        case .stopped: "stopped"
        case .failed: "failed"
        }
    }
}
