// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a caller's tracing says of a request: `traceparent` of W3C Trace Context, level 1, §3.2. A header that cannot be
/// read is as good as none, whatever is in it.
package struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 of them: the caller's own part of the trace.
    package let parentID: String
    /// The caller keeps a record of this trace.
    package let isSampled: Bool

    /// Of what the task does now, so that whoever asks others or leaves work for later can pass it on.
    @TaskLocal package static var current: TraceContext?

    /// A trace that begins with a request of ours: its id is the request's.
    package init(beginning request: UUIDv7) {
        traceID = request.hex
        parentID = String(request.hex.suffix(16))
        isSampled = false
    }

    /// As ``header`` has it; nil for anything else.
    package init?(_ header: String) {
        let bytes = Array(header.utf8)
        self.init(bytes.span)
    }

    /// The same trace, seen from a part of it that has just begun.
    package func child() -> TraceContext {
        TraceContext(
            traceID: traceID, parentID: Hex.encode((0..<8).map { _ in .random(in: 1...255) }), isSampled: isSampled)
    }

    private init(traceID: String, parentID: String, isSampled: Bool) {
        self.traceID = traceID
        self.parentID = parentID
        self.isSampled = isSampled
    }

    /// As it is sent on.
    package var header: String { "00-\(traceID)-\(parentID)-\(isSampled ? "01" : "00")" }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Later versions may say more behind a dash.
    package init?(_ header: Span<UInt8>) {
        guard header.count >= 55, header[2] == Self.dash, header[35] == Self.dash, header[52] == Self.dash,
            let version = Self.digits(header, 0..<2), version != "ff",
            let traceID = Self.digits(header, 3..<35), let parentID = Self.digits(header, 36..<52),
            let flags = Self.digits(header, 53..<55)
        else { return nil }
        guard header.count == 55 || (version != "00" && header[55] == Self.dash) else { return nil }
        guard traceID.contains(where: { $0 != "0" }), parentID.contains(where: { $0 != "0" }) else { return nil }
        self.traceID = traceID
        self.parentID = parentID
        isSampled = (flags.last?.hexDigitValue ?? 0) & 1 == 1
    }

    private static let dash = UInt8(ascii: "-")

    private static func digits(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): continue
            default: return nil
            }
        }
        return unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
