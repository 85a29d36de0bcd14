// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Glibc

/// Where log lines go: a bounded buffer, written by a queue of its own, so that no request waits for a slow disk or pipe.
/// When the reader is too slow, lines are dropped and counted, and the count is the next line that gets through.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isScheduled = false
        var dropped = 0
    }

    private static let capacity = 4 << 20

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "unnati.log", qos: .utility)
    private let state = Lock(State())

    package static let standardOutput = LogSink(descriptor: STDOUT_FILENO)

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Long enough for many lines to share a thread's waking and a system call, short enough for a person who watches.
    private static let patience = DispatchTimeInterval.milliseconds(50)

    /// - Parameters:
    ///   - line: one JSON object, without the line's end.
    ///   - isUrgent: false for lines of which there are many, such as those of requests; they may wait for company.
    package func write(_ line: [UInt8], isUrgent: Bool = true) {
        let mustSchedule = state.with { state in
            guard state.pending.count + line.count < Self.capacity else {
                state.dropped += 1
                return false
            }
            state.pending.append(contentsOf: line)
            state.pending.append(UInt8(ascii: "\n"))
            defer { state.isScheduled = true }
            return isUrgent || !state.isScheduled
        }
        guard mustSchedule else { return }
        if isUrgent {
            queue.async { self.drain() }
        } else {
            queue.asyncAfter(deadline: .now() + Self.patience) { self.drain() }
        }
    }

    /// Waits until everything handed over so far has been written.
    package func flush() { queue.sync { drain() } }

    private func drain() {
        while let (bytes, dropped) = take() {
            put(bytes)
            if dropped > 0 {
                put(Array("{\"level\":\"warning\",\"msg\":\"log lines dropped\",\"count\":\(dropped)}\n".utf8))
            }
        }
    }

    /// All that waits; nil, and no longer scheduled, when nothing does.
    private func take() -> (bytes: [UInt8], dropped: Int)? {
        state.with { state in
            guard !state.pending.isEmpty || state.dropped > 0 else {
                state.isScheduled = false
                return nil
            }
            defer { (state.pending, state.dropped) = ([], 0) }
            return (state.pending, state.dropped)
        }
    }

    private func put(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
                // A closed pipe ends it: there is no one to tell.
                if count > 0 { offset += count } else if errno != EINTR { return }
            }
        }
    }
}
