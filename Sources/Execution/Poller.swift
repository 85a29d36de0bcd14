// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CLinux
import Glibc

/// What a descriptor is watched for. Failure of its other end is always reported.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let reading = Interest(rawValue: unnati_epoll_in)
    package static let writing = Interest(rawValue: unnati_epoll_out)
    /// Report once, then nothing until the interest is stated again.
    package static let once = Interest(rawValue: unnati_epoll_once)
}

/// What a descriptor has become ready for.
package struct Readiness: Sendable {
    fileprivate let events: UInt32
    package var isReadable: Bool { events & unnati_epoll_in != 0 }
    package var isWritable: Bool { events & unnati_epoll_out != 0 }
    package var isBroken: Bool { events & unnati_epoll_broken != 0 }
}

/// Owns one epoll instance (epoll(7)), level-triggered, and a descriptor by which another thread ends its wait.
@safe struct Poller: ~Copyable {
    private static let batch = 128
    /// Marks the event of ``alarm``.
    private static let alarmToken = UInt64.max

    private let descriptor: Int32
    private let alarm: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    init() {
        descriptor = unnati_epoll_create()
        alarm = unnati_eventfd()
        precondition(descriptor >= 0 && alarm >= 0, "no descriptor is left for an event loop")
        unsafe events = .allocate(capacity: Self.batch)
        _ = unnati_epoll_add(descriptor, alarm, Interest.reading.rawValue, Self.alarmToken)
    }

    deinit {
        _ = close(alarm)
        _ = close(descriptor)
        unsafe events.deallocate()
    }

    func add(_ watched: Int32, _ interest: Interest, token: UInt64) {
        _ = unnati_epoll_add(descriptor, watched, interest.rawValue, token)
    }

    func change(_ watched: Int32, _ interest: Interest, token: UInt64) {
        _ = unnati_epoll_change(descriptor, watched, interest.rawValue, token)
    }

    func remove(_ watched: Int32) { _ = unnati_epoll_remove(descriptor, watched) }

    /// Ends the wait that is going on, or the next one. May be called from any thread.
    func wake() {
        var one: UInt64 = 1
        _ = unsafe write(alarm, &one, 8)
    }

    /// Reports what is ready, waiting until something is.
    /// - Parameter milliseconds: the longest wait; 0 does not wait.
    func wait(_ milliseconds: Int32, _ report: (_ token: UInt64, Readiness) -> Void) {
        let count = unsafe Int(epoll_wait(descriptor, events, Int32(Self.batch), milliseconds))
        for index in 0..<max(0, count) {
            let event = unsafe events[index]
            if unsafe event.data.u64 == Self.alarmToken {
                var count: UInt64 = 0
                _ = unsafe read(alarm, &count, 8)
            } else {
                unsafe report(event.data.u64, Readiness(events: event.events))
            }
        }
    }
}
