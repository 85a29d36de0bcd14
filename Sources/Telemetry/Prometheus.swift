// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Metrics

/// Keeps what swift-metrics reports and writes it in the Prometheus text format, version 0.0.4
/// (prometheus.io, "Exposition formats").
///
/// Names are given in full by whoever reports (`http_server_request_duration_seconds`). Labels must come from small, fixed
/// sets: a label that a client can choose would fill the memory.
package final class Prometheus: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let labels: [String]

        init(_ name: String, _ dimensions: [(String, String)]) {
            self.name = name
            labels = dimensions.map { "\($0)=\"\(Self.escape($1))\"" }
        }

        private static func escape(_ value: String) -> String {
            value.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined()
        }
    }

    private enum Instrument {
        case counter(Count)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    /// A reading taken when someone asks for it.
    package struct Reading: Sendable {
        let name: String, isCounter: Bool, value: Double

        package static func gauge(_ name: String, _ value: some BinaryInteger) -> Reading {
            Reading(name: name, isCounter: false, value: Double(value))
        }
        package static func counter(_ name: String, _ value: some BinaryInteger) -> Reading {
            Reading(name: name, isCounter: true, value: Double(value))
        }
    }

    private let instruments = Lock<[Key: Instrument]>([:])
    private let collectors = Lock<[@Sendable () -> [Reading]]>([])

    package init() {}

    /// Adds readings that are taken at each export.
    package func collect(_ collector: @escaping @Sendable () -> [Reading]) { collectors.with { $0.append(collector) } }

    // MARK: - MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        instruments.with { instruments in
            let key = Key(label, dimensions)
            if case .counter(let counter)? = instruments[key] { return counter }
            let counter = Count()
            instruments[key] = .counter(counter)
            return counter
        }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> Gauge {
        instruments.with { instruments in
            let key = Key(label, dimensions)
            if case .gauge(let gauge)? = instruments[key] { return gauge }
            let gauge = Gauge()
            instruments[key] = .gauge(gauge)
            return gauge
        }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> Histogram {
        instruments.with { instruments in
            let key = Key(label, dimensions)
            if case .histogram(let histogram)? = instruments[key] { return histogram }
            let histogram = Histogram()
            instruments[key] = .histogram(histogram)
            return histogram
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: - Export

    /// `text/plain; version=0.0.4`
    package func text() -> String {
        var blocks: [String: (type: String, lines: [String])] = [:]
        // A list of its own: the table is written in place as soon as nobody else holds it.
        for (key, instrument) in instruments.with({ $0.map { (key: $0.key, instrument: $0.value) } }) {
            let (type, lines) = Self.lines(key, instrument)
            blocks[key.name, default: (type, [])].lines += lines
        }
        for reading in collectors.with({ $0 }).flatMap({ $0() }) {
            blocks[reading.name, default: (reading.isCounter ? "counter" : "gauge", [])].lines.append(
                "\(reading.name) \(reading.value)")
        }
        return blocks.sorted { $0.key < $1.key }
            .map { name, block in "# TYPE \(name) \(block.type)\n" + block.lines.sorted().joined(separator: "\n") + "\n"
            }.joined()
    }

    private static func lines(_ key: Key, _ instrument: Instrument) -> (type: String, lines: [String]) {
        func line(_ suffix: String, _ extra: [String], _ value: some CustomStringConvertible) -> String {
            let labels = key.labels + extra
            return key.name + suffix + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(value)"
        }
        switch instrument {
        case .counter(let counter): return ("counter", [line("", [], counter.value)])
        case .gauge(let gauge): return ("gauge", [line("", [], gauge.value)])
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            var total = 0
            let buckets = zip(Histogram.bounds.map(\.description) + ["+Inf"], counts).map { bound, count in
                total += count
                return line("_bucket", ["le=\"\(bound)\""], total)
            }
            return ("histogram", buckets + [line("_sum", [], sum), line("_count", [], total)])
        }
    }
}

private final class Count: CounterHandler {
    private let state = Lock<Int64>(0)
    var value: Int64 { state.with { $0 } }
    func increment(by amount: Int64) { state.with { $0 &+= amount } }
    func reset() { state.with { $0 = 0 } }
}

private final class Gauge: RecorderHandler {
    private let state = Lock(0.0)
    var value: Double { state.with { $0 } }
    func record(_ value: Int64) { state.with { $0 = Double(value) } }
    func record(_ value: Double) { state.with { $0 = value } }
}

/// Seconds in the buckets that OpenTelemetry's HTTP conventions give.
private final class Histogram: RecorderHandler, TimerHandler {
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

    private let state = Lock((counts: [Int](repeating: 0, count: bounds.count + 1), sum: 0.0))

    var snapshot: (counts: [Int], sum: Double) { state.with { ($0.counts, $0.sum) } }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.with { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
