// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Core
import Execution
import Glibc

/// Connections of one account, on the loop: libcurl's multi handle, which says which sockets to watch and when to be woken.
@safe final class CurlPool: @unchecked Sendable {
    // Guard: all is touched on `loop` alone.
    private let multi: UnsafeMutableRawPointer
    private let loop: EventLoop
    private let alarm: UInt64
    private var sockets: [Int32: UInt64] = [:]
    /// Connections that wait for the next call, by their sockets.
    private var idle: [Int32: KeptConnection] = [:]
    private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = unsafe [:]
    private(set) var lastUse = ContinuousClock.now

    /// Connections kept for the next call.
    private static let idleConnections = 8

    /// Nil when libcurl has no memory left.
    init?(on loop: EventLoop) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        unsafe self.multi = multi
        self.loop = loop
        alarm = loop.makeToken()
        unsafe _ = unnati_multi_number(multi, CURLMOPT_MAXCONNECTS, Self.idleConnections)
        unsafe _ = unnati_multi_number(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe _ = unnati_multi_on_socket(
            multi,
            { _, socket, what, context, _ in
                unsafe CurlPool.of(context).watch(socket, what)
                return 0
            }, context)
        unsafe _ = unnati_multi_on_timer(
            multi,
            { _, milliseconds, context in
                unsafe CurlPool.of(context).wake(in: milliseconds)
                return 0
            }, context)
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlPool {
        guard let context = unsafe context else { preconditionFailure("libcurl has lost its context") }
        return unsafe Unmanaged<CurlPool>.fromOpaque(context).takeUnretainedValue()
    }

    var isIdle: Bool { unsafe transfers.isEmpty }

    // MARK: - Transfers

    func add(_ transfer: CurlTransfer) -> Bool {
        lastUse = .now
        dropSpoilt()
        unsafe transfer.reportClosing(to: Unmanaged.passUnretained(self).toOpaque()) { context, socket in
            unsafe CurlPool.of(context).forget(socket)
            return Glibc.close(socket)
        }
        guard unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { return false }
        unsafe transfers[transfer.easy] = transfer
        return true
    }

    /// Goes on with one that was ahead of its reader or writer.
    func resume(_ transfer: CurlTransfer) {
        guard unsafe transfers[transfer.easy] === transfer else { return }
        let result = transfer.resume()
        guard result == CURLE_OK else { return release(transfer, result) }
        settle()
    }

    /// Ends one that nobody waits for any more.
    func remove(_ transfer: CurlTransfer, _ end: CURLcode) {
        guard unsafe transfers[transfer.easy] === transfer else { return }
        release(transfer, end)
    }

    /// Has libcurl find closed whatever connection has spoken without being asked. Bytes behind the end of an answer would be
    /// taken for the next one, whosever that is; libcurl looks only for an end of the connection before it uses it again.
    private func dropSpoilt() {
        for (socket, connection) in idle where connection.hasSpoken {
            _ = shutdown(socket, Int32(SHUT_RDWR))
            idle[socket] = nil
        }
    }

    private func forget(_ socket: Int32) {
        idle[socket] = nil
        if let token = sockets.removeValue(forKey: socket) { loop.remove(socket, token: token) }
    }

    private func release(_ transfer: CurlTransfer, _ end: CURLcode) {
        // Another may have taken it already.
        if end == CURLE_OK, let kept = transfer.kept, sockets[kept.socket] == nil { idle[kept.socket] = kept }
        unsafe _ = curl_multi_remove_handle(multi, transfer.easy)
        unsafe transfers[transfer.easy] = nil
        lastUse = .now
        transfer.finish(end)
        transfer.close()
    }

    /// Has those hear of it whose transfer has ended.
    private func settle() {
        var result = CURLE_OK
        while let easy = unsafe unnati_multi_ended(multi, &result) {
            if let transfer = unsafe transfers[easy] { release(transfer, result) }
        }
    }

    /// Ends all and lets go of the connections.
    func close() {
        for transfer in unsafe Array(transfers.values) { release(transfer, CURLE_ABORTED_BY_CALLBACK) }
        unsafe _ = curl_multi_cleanup(multi)
        loop.clearAlarm(alarm)
        for (socket, token) in sockets { loop.remove(socket, token: token) }
        sockets = [:]
    }

    // MARK: - The loop

    private func watch(_ socket: curl_socket_t, _ what: Int32) {
        idle[socket] = nil
        if what == CURL_POLL_REMOVE {
            if let token = sockets.removeValue(forKey: socket) { loop.remove(socket, token: token) }
            return
        }
        var interest: Interest = []
        if what & CURL_POLL_IN != 0 { interest.insert(.reading) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.writing) }
        if let token = sockets[socket] { return loop.change(socket, interest, token: token) }
        let token = loop.makeToken()
        sockets[socket] = token
        loop.add(socket, interest, SocketWatch(pool: self, socket: socket), token: token)
    }

    private func wake(in milliseconds: Int) {
        guard milliseconds >= 0 else { return loop.clearAlarm(alarm) }
        loop.setAlarm(alarm, at: .now + .milliseconds(milliseconds)) { [weak self] in
            self?.act(CURL_SOCKET_TIMEOUT, 0)
        }
    }

    fileprivate func act(_ socket: curl_socket_t, _ bits: Int32) {
        var running: Int32 = 0
        unsafe _ = curl_multi_socket_action(multi, socket, bits, &running)
        settle()
    }
}

/// Passes a socket's news on to libcurl.
private final class SocketWatch: ReadinessHandler, @unchecked Sendable {
    // Guard: `pool` is weak, and used on the loop alone.
    private weak var pool: CurlPool?
    private let socket: curl_socket_t

    init(pool: CurlPool, socket: curl_socket_t) {
        self.pool = pool
        self.socket = socket
    }

    func isReady(_ readiness: Readiness) {
        var bits: Int32 = 0
        if readiness.isReadable { bits |= CURL_CSELECT_IN }
        if readiness.isWritable { bits |= CURL_CSELECT_OUT }
        if readiness.isBroken { bits |= CURL_CSELECT_ERR }
        pool?.act(socket, bits)
    }
}
