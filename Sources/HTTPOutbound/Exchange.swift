// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What passes between the loop, on which libcurl works, and the task that waits for it: an answer's head, pieces of its body,
/// pieces of what is sent. Neither side waits for the other with a lock or a thread; whoever is ahead stops.
final class Exchange: Sendable {
    private struct State {
        var head: Result<OutboundHead, any Error>?
        var headWaiter: CheckedContinuation<OutboundHead, any Error>?

        var received: [UInt8] = []
        var pieceWaiter: CheckedContinuation<[UInt8]?, any Error>?
        var end: Result<Void, any Error>?
        var isReceivingPaused = false

        var outgoing: ArraySlice<UInt8> = []
        var isOutgoingOver = false
        var isSendingPaused = false
        var roomWaiter: CheckedContinuation<Bool, Never>?

        /// Tells the loop to go on, or to stop. Nil before it has begun and after it has ended.
        var resume: (@Sendable () -> Void)?
        var stop: (@Sendable () -> Void)?
        /// Why it is to end, once somebody wants that.
        var wish: (any Error)?
        /// Brings what is sent; cancelled when this ends.
        var sender: Task<Void, Never>?
    }

    /// So much of a body is kept that nobody has taken yet.
    static let window = 32 << 10

    private let state: Lock<State>
    private let onEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - outgoing: all that is sent, or nil where ``bring(_:)`` does.
    ///   - onEnd: called once.
    init(outgoing: [UInt8]?, onEnd: @escaping @Sendable () -> Void) {
        self.onEnd = onEnd
        var first = State()
        first.outgoing = (outgoing ?? [])[...]
        first.isOutgoingOver = outgoing != nil
        state = Lock(first)
    }

    // MARK: - The task's side

    func waitForHead() async throws -> OutboundHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known = state.with { state in
                    precondition(state.headWaiter == nil, "one reader at a time")
                    if state.head == nil { state.headWaiter = continuation }
                    return state.head
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// What has come since the last time; nil at the end.
    func nextPiece() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (known, resume): (Result<[UInt8]?, any Error>?, (@Sendable () -> Void)?) = state.with { state in
                    if !state.received.isEmpty {
                        defer { state.received = [] }
                        let mustResume = state.isReceivingPaused
                        state.isReceivingPaused = false
                        return (.success(state.received), mustResume ? state.resume : nil)
                    }
                    if let end = state.end { return (end.map { nil }, nil) }
                    precondition(state.pieceWaiter == nil, "one reader at a time")
                    state.pieceWaiter = continuation
                    return (nil, nil)
                }
                resume?()
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Sends what `next` gives until it gives nil, whether or not an answer has begun.
    func bring(_ next: @escaping @Sendable () async throws -> [UInt8]?) {
        let task = Task {
            do {
                while let piece = try await next() {
                    guard await send(piece) else { return }
                }
                await endSending()
            } catch {
                cancel(AttemptFailure(error: .bodyFailed, wasUnsent: false))
            }
        }
        let isOver = state.with { state in
            state.sender = task
            return state.end != nil
        }
        if isOver { task.cancel() }
    }

    /// Hands over a piece once the one before it has gone.
    /// - Returns: false when there is no use in more.
    private func send(_ piece: [UInt8]) async -> Bool {
        guard await isReadyForMore() else { return false }
        guard !piece.isEmpty else { return true }
        put(piece, isOver: false)
        return true
    }

    private func endSending() async {
        guard await isReadyForMore() else { return }
        put([], isOver: true)
    }

    private func put(_ piece: [UInt8], isOver: Bool) {
        let resume = state.with { state in
            state.outgoing = piece[...]
            state.isOutgoingOver = isOver
            let mustResume = state.isSendingPaused
            state.isSendingPaused = false
            return mustResume ? state.resume : nil
        }
        resume?()
    }

    private func isReadyForMore() async -> Bool {
        await withCheckedContinuation { continuation in
            let isReady: Bool? = state.with { state in
                if state.end != nil { return false }
                if state.outgoing.isEmpty { return true }
                state.roomWaiter = continuation
                return nil
            }
            if let isReady { continuation.resume(returning: isReady) }
        }
    }

    /// Ends it, whatever it is at.
    func cancel(_ reason: any Error = CancellationError()) {
        let stop = state.with { state in
            if state.wish == nil { state.wish = reason }
            return state.stop
        }
        stop?()
    }

    /// libcurl takes a connection that ends within the head for an answer.
    private static let headless = AttemptFailure(error: .brokenOff, wasUnsent: false)

    /// Nobody waits for it any more.
    var isUnwanted: Bool { state.with { $0.wish != nil } }

    // MARK: - The loop's side

    /// - Returns: false when nobody wants it any more.
    func begin(resume: @escaping @Sendable () -> Void, stop: @escaping @Sendable () -> Void) -> Bool {
        state.with { state in
            state.resume = resume
            state.stop = stop
            return state.wish == nil
        }
    }

    func note(_ head: OutboundHead) {
        let waiter = state.with { state in
            state.head = .success(head)
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: head)
    }

    /// - Returns: false when it must come again later, after `resume`.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, waiter, piece): (Bool, CheckedContinuation<[UInt8]?, any Error>?, [UInt8]) = state.with { state in
            if let waiter = state.pieceWaiter {
                state.pieceWaiter = nil
                return (true, waiter, unsafe Array(bytes))
            }
            guard state.received.count < Self.window else {
                state.isReceivingPaused = true
                return (false, nil, [])
            }
            unsafe state.received.append(contentsOf: bytes)
            return (true, nil, [])
        }
        waiter?.resume(returning: piece)
        return isTaken
    }

    enum Outgoing { case bytes(Int), over, later }

    /// Fills a buffer with what is to be sent next.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Outgoing {
        let (outgoing, waiter): (Outgoing, CheckedContinuation<Bool, Never>?) = state.with { state in
            guard !state.outgoing.isEmpty else {
                if state.isOutgoingOver { return (.over, nil) }
                state.isSendingPaused = true
                return (.later, nil)
            }
            let piece = state.outgoing.prefix(buffer.count)
            unsafe buffer.copyBytes(from: piece)
            state.outgoing = state.outgoing.dropFirst(piece.count)
            guard state.outgoing.isEmpty else { return (.bytes(piece.count), nil) }
            // The array behind a slice stays as long as the slice does.
            state.outgoing = []
            defer { state.roomWaiter = nil }
            return (.bytes(piece.count), state.roomWaiter)
        }
        waiter?.resume(returning: true)
        return outgoing
    }

    func finish(_ outcome: Result<Void, any Error>) {
        typealias Waiters = (
            head: CheckedContinuation<OutboundHead, any Error>?, piece: CheckedContinuation<[UInt8]?, any Error>?,
            room: CheckedContinuation<Bool, Never>?
        )
        let ending: (result: Result<Void, any Error>, waiters: Waiters, sender: Task<Void, Never>?)? = state.with {
            state in
            state.resume = nil
            state.stop = nil
            guard state.end == nil else { return nil }
            let result = state.wish.map { Result<Void, any Error>.failure($0) } ?? outcome
            state.end = result
            if state.head == nil { state.head = result.flatMap { .failure(Self.headless) } }
            state.outgoing = []
            defer { (state.headWaiter, state.pieceWaiter, state.roomWaiter) = (nil, nil, nil) }
            return (result, (state.headWaiter, state.pieceWaiter, state.roomWaiter), state.sender)
        }
        guard let (result, waiters, sender) = ending else { return }
        onEnd()
        sender?.cancel()
        waiters.head?.resume(with: result.flatMap { .failure(Self.headless) })
        waiters.piece?.resume(with: result.map { nil })
        waiters.room?.resume(returning: false)
    }
}
