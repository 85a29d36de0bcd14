// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CLinux
import Glibc

/// Owns one epoll instance (epoll(7)), level-triggered.
@safe struct Poller: ~Copyable {
    /// What a descriptor is watched for. Failure of the connection is always reported.
    struct Interest: OptionSet {
        let rawValue: UInt32
        static let reading = Interest(rawValue: unnati_epoll_in)
        static let writing = Interest(rawValue: unnati_epoll_out)
    }

    struct Readiness {
        fileprivate let events: UInt32
        var isReadable: Bool { events & unnati_epoll_in != 0 }
        var isWritable: Bool { events & unnati_epoll_out != 0 }
        var isBroken: Bool { events & unnati_epoll_broken != 0 }
    }

    private static let batch = 128

    /// Readable itself when a watched descriptor is ready.
    let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    init() {
        descriptor = unnati_epoll_create()
        precondition(descriptor >= 0, "no descriptor is left for an event loop")
        unsafe events = .allocate(capacity: Self.batch)
    }

    deinit { unsafe events.deallocate() }

    func add(_ watched: Int32, _ interest: Interest, token: UInt64) {
        _ = unnati_epoll_add(descriptor, watched, interest.rawValue, token)
    }

    func change(_ watched: Int32, _ interest: Interest, token: UInt64) {
        _ = unnati_epoll_change(descriptor, watched, interest.rawValue, token)
    }

    func remove(_ watched: Int32) { _ = unnati_epoll_remove(descriptor, watched) }

    /// Reports what is ready now, without waiting.
    /// - Returns: how many descriptors were.
    func poll(_ report: (_ token: UInt64, Readiness) -> Void) -> Int {
        let count = unsafe Int(epoll_wait(descriptor, events, Int32(Self.batch), 0))
        for index in 0..<max(0, count) {
            let event = unsafe events[index]
            unsafe report(event.data.u64, Readiness(events: event.events))
        }
        return max(0, count)
    }
}
