// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Glibc

/// How a connection's bytes cross its socket: as they are, or encrypted.
struct Channel {
    /// What became of one attempt to move bytes.
    enum Outcome: Equatable {
        case moved(Int)
        /// Nothing now: again when the socket is readable, or writable. Under TLS either may stop either.
        case wantsReading, wantsWriting
        /// The peer will send no more.
        case ended
        case failed
    }

    let descriptor: Int32
    let session: TLSSession?

    /// Bytes that wait inside, for which the socket will not become readable again.
    var hasMore: Bool { session?.hasMore == true }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        if let session { return unsafe session.read(into: buffer) }
        while true {
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .moved(count) }
            if count == 0 { return .ended }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wantsReading : .failed
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        if let session { return unsafe session.write(bytes) }
        while true {
            let count = unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 { return .moved(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wantsWriting : .failed
        }
    }

    /// Reads so many bytes at most, before anything is encrypted.
    func readPlain(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        unsafe Channel(descriptor: descriptor, session: nil).read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)]))
    }

    /// Closing will not look like an end: the peer gets a reset (socket(7), SO_LINGER).
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// No more will be written.
    func endWriting() {
        session?.sayGoodbye()
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }
}
