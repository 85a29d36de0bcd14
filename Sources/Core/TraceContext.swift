// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a caller's tracing says of a request: `traceparent` of W3C Trace Context, level 1, §3.2. A header that cannot be
/// read is as good as none, whatever is in it.
package struct TraceContext: Sendable, Equatable {
    private let trace: UUIDv7
    private let parent: UInt64
    /// The caller keeps a record of this trace.
    package let isSampled: Bool

    /// 32 lower-case hexadecimal digits, not all zero.
    package var traceID: String { trace.hex }
    /// 16 of them: the caller's own part of the trace.
    package var parentID: String { String(UUIDv7(high: 0, low: parent).hex.suffix(16)) }

    /// Of what the task does now, so that whoever asks others or leaves work for later can pass it on.
    @TaskLocal package static var current: TraceContext?

    /// A trace that begins with a request of ours: its id is the request's.
    package init(beginning request: UUIDv7) {
        self.init(trace: request, parent: request.low, isSampled: false)
    }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Later versions may say more behind a dash.
    package init?(_ header: Span<UInt8>) {
        guard header.count >= 55, header[2] == Self.dash, header[35] == Self.dash, header[52] == Self.dash,
            let version = Self.number(header, 0..<2), version != 0xFF,
            let high = Self.number(header, 3..<19), let low = Self.number(header, 19..<35), high | low != 0,
            let parent = Self.number(header, 36..<52), parent != 0, let flags = Self.number(header, 53..<55)
        else { return nil }
        guard header.count == 55 || (version != 0 && header[55] == Self.dash) else { return nil }
        self.init(trace: UUIDv7(high: high, low: low), parent: parent, isSampled: flags & 1 == 1)
    }

    /// As ``header`` has it; nil for anything else.
    package init?(_ header: String) {
        let bytes = Array(header.utf8)
        self.init(bytes.span)
    }

    private init(trace: UUIDv7, parent: UInt64, isSampled: Bool) {
        self.trace = trace
        self.parent = parent
        self.isSampled = isSampled
    }

    /// The same trace, seen from a part of it that has just begun.
    package func child() -> TraceContext {
        TraceContext(trace: trace, parent: .random(in: 1 ... .max), isSampled: isSampled)
    }

    /// As it is sent on.
    package var header: String { "00-\(traceID)-\(parentID)-\(isSampled ? "01" : "00")" }

    private static let dash = UInt8(ascii: "-")

    /// Up to 16 digits.
    private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(bytes[index] - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                number = number << 4 | UInt64(bytes[index] - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
