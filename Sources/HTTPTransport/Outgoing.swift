// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What waits to be sent on a connection, and until when the client must have taken it.
struct Outgoing {
    private static let bulkBytes = 65_536, keptCapacity = 65_536

    private var bytes: [UInt8] = []
    private var sent = 0
    /// A large body that comes behind `bytes`: sent from where it stands, so that a thousand clients share one copy.
    private var bulk: ArraySlice<UInt8> = []
    /// When the client must have taken more, and when all.
    private(set) var deadline: ConnectionMachine.Time?
    private var lastDeadline: ConnectionMachine.Time?

    var count: Int { bytes.count - sent + bulk.count }

    static func isBulk(_ body: Int) -> Bool { body >= bulkBytes }

    /// The next bytes to send.
    func withNext<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard sent < bytes.count else { return unsafe bulk.withUnsafeBytes(body) }
        return unsafe bytes.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }

    /// Puts bytes behind what is still to be sent.
    mutating func append(now: ConnectionMachine.Time, _ limits: HTTPLimits, _ write: (inout [UInt8]) -> Void) {
        if count == 0 {
            deadline = now + limits.writeStall
            lastDeadline = now + limits.stream
        }
        if !bulk.isEmpty {
            // What is left of a large body is little by now: no request is taken before.
            bytes.append(contentsOf: bulk)
            bulk = []
        }
        write(&bytes)
    }

    /// Puts a large body behind the head that was written last.
    mutating func append(bulk body: [UInt8]) { bulk = body[...] }

    /// The kernel took this many of the next bytes.
    mutating func took(_ taken: Int, now: ConnectionMachine.Time, _ limits: HTTPLimits) {
        if sent < bytes.count { sent += taken } else { bulk = bulk.dropFirst(taken) }
        guard count > 0 else {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
            if bulk.startIndex > 0 { bulk = [] }
            (sent, deadline) = (0, nil)
            return
        }
        deadline = min(now + limits.writeStall, lastDeadline ?? now)
        // What a stream has sent need not be kept.
        if sent >= Self.keptCapacity {
            bytes.removeFirst(sent)
            sent = 0
        }
    }

    /// Keeps no memory while there is nothing to send.
    mutating func releaseBuffer() { if count == 0 { bytes = [] } }

    var hasBuffer: Bool { bytes.capacity > 0 }
}
