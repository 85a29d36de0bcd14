// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Synchronization

/// 128 bits of identifier: a time-ordered UUID, version 7 (RFC 9562 §5.7).
///
/// Time order keeps the newest rows of a tenant at one end of its index, so a page of a list is one short index scan.
package struct UUIDv7: Hashable, Sendable, Comparable {
    package let high: UInt64, low: UInt64

    /// Any 16 bytes that the database or a client hands back; the version is not checked again.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new identifier: 48 bits of milliseconds, 12 bits of the fraction below (RFC 9562 §6.2, method 3), 62 random bits. Each is greater
    /// than those that this process has made before, so that what comes together keeps its order.
    package static func next() -> UUIDv7 {
        let now = ticks(at: .now())
        var last = latest.load(ordering: .relaxed)
        while true {
            // A clock that was set back by more than a moment is followed.
            let tick = last > now + ticksPerSecond ? now : max(now, last + 1)
            let (isDone, found) = latest.compareExchange(expected: last, desired: tick, ordering: .relaxed)
            if isDone { return UUIDv7(tick: tick, random: .random(in: .min ... .max)) }
            last = found
        }
    }

    package init(at now: Instant, random: UInt64) { self.init(tick: Self.ticks(at: now), random: random) }

    private init(tick: UInt64, random: UInt64) {
        self.init(
            high: (tick >> 12) << 16 | 0x7000 | tick & 0xFFF,
            low: random & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    private static let latest = Atomic<UInt64>(0), ticksPerSecond: UInt64 = 1_000 << 12

    /// Of 4096 in a millisecond.
    private static func ticks(at now: Instant) -> UInt64 {
        let microseconds = UInt64(max(0, now.microseconds))
        return ((microseconds / 1_000) & 0xFFFF_FFFF_FFFF) << 12 | ((microseconds % 1_000) << 12) / 1_000
    }

    /// The greatest value there is: where a list that runs from new to old begins.
    package static let greatest = UUIDv7(high: .max, low: .max)
    /// The least value there is: where one that runs from old to new begins.
    package static let least = UUIDv7(high: 0, low: 0)

    package static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The 16 bytes, most significant first, as PostgreSQL's binary format has them.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    /// Reads exactly 16 bytes; nil otherwise.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0, low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }

    /// 32 lower-case hexadecimal digits without dashes. PostgreSQL's `uuid` reads this form too.
    package var hex: String {
        unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            if let memory = buffer.baseAddress { unsafe writeHex(to: memory) }
            return 32
        }
    }

    /// Writes the digits of ``hex``.
    /// - Parameter memory: room for 32 bytes.
    @unsafe package func writeHex(to memory: UnsafeMutablePointer<UInt8>) {
        let memory = UnsafeMutableRawPointer(memory)
        unsafe memory.storeBytes(of: Hex.digits(high >> 32), as: UInt64.self)
        unsafe memory.storeBytes(of: Hex.digits(high), toByteOffset: 8, as: UInt64.self)
        unsafe memory.storeBytes(of: Hex.digits(low >> 32), toByteOffset: 16, as: UInt64.self)
        unsafe memory.storeBytes(of: Hex.digits(low), toByteOffset: 24, as: UInt64.self)
    }

    /// Reads 32 lower-case hexadecimal digits; nil otherwise.
    package init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == 32, let high = Hex.decode(digits[..<16]), let low = Hex.decode(digits[16...]) else {
            return nil
        }
        self.init(high: high, low: low)
    }

    /// When it was made, to the millisecond.
    package var instant: Instant { Instant(microseconds: Int64(high >> 16) * 1_000) }
}
