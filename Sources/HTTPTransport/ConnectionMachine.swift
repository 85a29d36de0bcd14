// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes

/// The life of one connection as a value: bytes, replies and the passing of time go in; what to do comes out. The shell
/// around it (``HTTPConnection``) owns the socket and does it.
///
/// One request is answered at a time. Those that a client pipelines behind it wait as bytes, in a bounded buffer, and are
/// parsed when its reply is written; so replies keep their order by construction.
package struct ConnectionMachine: ~Copyable {
    package enum Action {
        /// Begin handling a request whose body is `body`.
        case start(RequestHead, RouteMatch, Body)
        /// Ask the responder for the reply to a violation and hand it to ``responded(_:now:)``.
        case reject(ProtocolViolation)
        case pushBody([UInt8])
        case finishBody
        case interruptBody
        /// Whoever handles the current request need not go on: its reply is not wanted any more.
        case cancelHandler
        /// The client may be gone: who has noticed may stop, and whatever reply still comes is sent.
        case clientLeft
        /// The streamed reply has begun: its pieces are wanted.
        case startStream(ResponseStream)
        /// There is room for another piece.
        case resumeStream
        /// End the connection so that the client sees that its reply is not whole.
        case abort
        /// Send what is left, tell the client that nothing more comes, and read until it has gone.
        case halfClose
        case close
    }

    package enum Body {
        case bytes([UInt8])
        case stream
    }

    package typealias Time = ContinuousClock.Instant

    private enum Phase {
        /// Between requests or inside a head.
        case head
        case collecting(RequestHead, RouteMatch, body: [UInt8], maximum: Int)
        /// A handler is at work.
        case handling
        /// A handler is at work on a body that is still coming.
        case streaming(received: Int, maximum: Int)
        /// A reply is being made while it is sent.
        case responding(isChunked: Bool, closes: Bool)
        /// The last reply is on its way; what comes in is dropped.
        case lingering
        case closed
    }

    private let limits: HTTPLimits
    private let match: (RequestHead) -> RouteMatch
    private var parser: RequestParser
    private var phase = Phase.head
    private var requests = 0
    private var isHead = false
    private var isVersion10 = false
    private var keepsAlive = true
    private var isDraining = false
    private var hasEnded = false
    private var expectsContinue = false
    /// Set while a streamed body's reader has no room.
    private var isBodyPaused = false
    /// Set while a streamed reply waits for the client to take what is there.
    private var isStreamPaused = false
    /// The reply that must take the place of the handler's.
    private var violation: ProtocolViolation?

    private var outgoing = Outgoing()
    private var deadline: Time

    package init(limits: HTTPLimits, now: Time, match: @escaping (RequestHead) -> RouteMatch) {
        self.limits = limits
        self.match = match
        parser = RequestParser(limits: limits)
        deadline = now + limits.firstByte
    }

    // MARK: - What the shell asks

    package var isClosed: Bool { if case .closed = phase { true } else { false } }

    package var isResponding: Bool { if case .responding = phase { true } else { false } }

    /// Whether more bytes from the client have a use and a place.
    package var wantsToRead: Bool {
        switch phase {
        case .head, .collecting: pendingOutput < limits.pipelined && !hasEnded
        case .handling, .responding: parser.buffered < limits.pipelined && !hasEnded
        case .streaming: !isBodyPaused && !hasEnded
        case .lingering: !hasEnded
        case .closed: false
        }
    }

    package var pendingOutput: Int { outgoing.count }

    /// The next bytes to send.
    package func withPending<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe outgoing.withNext(body)
    }

    // MARK: - Events

    package mutating func received(_ bytes: UnsafeRawBufferPointer, now: Time, _ actions: inout [Action]) {
        switch phase {
        case .lingering, .closed: return
        case .head where parser.isBetweenRequests: deadline = now + limits.headTime
        case .collecting, .streaming: extendBodyDeadline(by: bytes.count, now)
        default: break
        }
        unsafe parser.append(bytes)
        advance(now, &actions)
    }

    /// The client will send no more; it may still read.
    package mutating func receivedEnd(now: Time, _ actions: inout [Action]) {
        hasEnded = true
        switch phase {
        // Who has ended its side may still read what is on its way.
        case .head where pendingOutput > 0, .collecting where pendingOutput > 0, .lingering where pendingOutput > 0:
            break
        case .head, .collecting, .lingering: close(&actions)
        case .streaming:
            actions.append(.interruptBody)
            keepsAlive = false
            phase = .handling
            deadline = now + limits.handler
        case .handling:
            // A client that ends its side may still read.
            keepsAlive = false
            actions.append(.clientLeft)
        // Who listens to a stream for as long as it goes on does not end its side first.
        case .responding: close(&actions)
        case .closed: break
        }
    }

    /// The handler's reply, or the one to a violation. A second one to the same request is dropped.
    package mutating func responded(_ response: Response, date: [UInt8], now: Time, _ actions: inout [Action]) {
        let isBodyUnread: Bool
        switch phase {
        case .streaming: isBodyUnread = true
        case .handling: isBodyUnread = false
        case .head, .collecting, .responding, .lingering, .closed: return
        }
        if isBodyUnread { actions.append(.interruptBody) }
        let closes =
            !keepsAlive || response.closesConnection || isDraining || hasEnded || isBodyUnread || violation != nil
            || requests >= limits.requestsPerConnection
        let hasBody = !isHead && ResponseWriter.hasBody(response.status)
        if case .stream(let stream) = response.body, hasBody {
            let closes = closes || isVersion10
            outgoing.append(now: now, limits) {
                ResponseWriter.write(
                    response, to: &$0, date: date, isHead: false, closes: closes,
                    framing: isVersion10 ? .untilClose : .chunked)
            }
            phase = .responding(isChunked: !isVersion10, closes: closes)
            deadline = now + limits.stream
            isStreamPaused = false
            actions.append(.startStream(stream))
        } else {
            let isBulk = hasBody && Outgoing.isBulk(response.body.count)
            outgoing.append(now: now, limits) {
                ResponseWriter.write(
                    response, to: &$0, date: date, isHead: isHead || isBulk, closes: closes, isVersion10: isVersion10)
            }
            if isBulk, case .bytes(let bytes) = response.body { outgoing.append(bulk: bytes) }
            finishReply(closes: closes, now, &actions)
        }
    }

    private mutating func finishReply(closes: Bool, _ now: Time, _ actions: inout [Action]) {
        isHead = false
        if closes {
            phase = .lingering
            deadline = now + limits.linger
            actions.append(.halfClose)
        } else {
            phase = .head
            deadline = now + rest
            advance(now, &actions)
        }
    }

    /// How long the next request may take to come, or to come whole when it has begun.
    private var rest: Duration {
        if !parser.isBetweenRequests { return limits.headTime }
        return isDraining ? min(limits.idle, limits.drainIdle) : limits.idle
    }

    /// A piece of a streamed reply.
    package mutating func streamed(_ piece: [UInt8], now: Time) {
        guard case .responding(let isChunked, _) = phase else { return }
        outgoing.append(now: now, limits) {
            if isChunked { ResponseWriter.write(chunk: piece, to: &$0) } else { $0.append(contentsOf: piece) }
        }
    }

    /// Whether there is room for another piece now. When there is none, ``Action/resumeStream`` says when there is.
    package mutating func wantsPiece() -> Bool {
        guard case .responding = phase else { return false }
        isStreamPaused = pendingOutput >= limits.streamBuffer
        return !isStreamPaused
    }

    /// The streamed reply is whole.
    package mutating func streamEnded(now: Time, _ actions: inout [Action]) {
        guard case .responding(let isChunked, let closes) = phase else { return }
        if isChunked { outgoing.append(now: now, limits) { $0.append(contentsOf: ResponseWriter.lastChunk) } }
        // A server that began to go away meanwhile keeps no connection; the client will see it end.
        finishReply(closes: closes || isDraining, now, &actions)
    }

    /// The streamed reply cannot be finished.
    package mutating func streamFailed(_ actions: inout [Action]) {
        guard case .responding = phase else { return }
        actions.append(.abort)
        close(&actions)
    }

    /// The kernel took this many bytes of the output.
    package mutating func wrote(_ count: Int, now: Time, _ actions: inout [Action]) {
        outgoing.took(count, now: now, limits)
        if isStreamPaused, pendingOutput < limits.streamBuffer {
            isStreamPaused = false
            actions.append(.resumeStream)
        }
        guard pendingOutput == 0 else { return }
        switch phase {
        case .lingering:
            // A client that has ended needs no time to read the end of ours.
            if hasEnded { return close(&actions) }
            deadline = now + limits.linger
        case .head: deadline = now + rest
        default: break
        }
        advance(now, &actions)
        // Nothing comes any more that could make a request whole.
        guard hasEnded, pendingOutput == 0 else { return }
        switch phase {
        case .head, .collecting: close(&actions)
        default: break
        }
    }

    /// A streamed body's reader has room, or has begun to read.
    package mutating func bodyWanted(now: Time, _ actions: inout [Action]) {
        guard case .streaming = phase else { return }
        sendContinue(now)
        isBodyPaused = false
        deadline = now + limits.bodyGrace
        advance(now, &actions)
    }

    package mutating func bodyFull() { isBodyPaused = true }

    /// The server is going away. A connection that rests is closed soon and not at once: the client may have sent its next
    /// request in this moment, which is then answered with `Connection: close`.
    package mutating func drain(now: Time) {
        isDraining = true
        if case .head = phase, parser.isBetweenRequests { deadline = min(deadline, now + limits.drainIdle) }
    }

    /// Called several times a second.
    package mutating func passed(_ now: Time, _ actions: inout [Action]) {
        if let deadline = outgoing.deadline, now >= deadline { return close(&actions) }
        guard now >= deadline else { return releaseBuffers() }
        switch phase {
        // A client is busy with what is on its way; that has deadlines of its own.
        case .head where pendingOutput > 0, .lingering where pendingOutput > 0: break
        case .head where parser.isBetweenRequests: close(&actions)
        case .head: reject(ProtocolViolation(.requestTimeout, "The request did not arrive in time."), now, &actions)
        case .collecting: reject(ProtocolViolation(.requestTimeout, "The body came too slowly."), now, &actions)
        case .streaming where isBodyPaused: deadline = now + limits.bodyGrace
        case .streaming: reject(ProtocolViolation(.requestTimeout, "The body came too slowly."), now, &actions)
        case .handling:
            actions.append(.cancelHandler)
            reject(ProtocolViolation(.serviceUnavailable, "The answer took too long."), now, &actions)
        case .responding: streamFailed(&actions)
        case .lingering: close(&actions)
        case .closed: break
        }
    }

    /// A connection that rests keeps no memory for bytes.
    private mutating func releaseBuffers() {
        guard case .head = phase, parser.isBetweenRequests, pendingOutput == 0, outgoing.hasBuffer else { return }
        outgoing.releaseBuffer()
        parser.releaseBuffer()
    }

    // MARK: - Progress

    private mutating func advance(_ now: Time, _ actions: inout [Action]) {
        while true {
            switch phase {
            // A client that does not read its replies gets no more of them made.
            case .head where pendingOutput >= limits.pipelined: return
            case .head, .collecting: break
            case .streaming where !isBodyPaused: break
            default: return
            }
            switch parser.next() {
            case .needsMore: return
            case .head(let head, let framing): begin(head, framing, now, &actions)
            case .chunk(let size): expect(size, now, &actions)
            case .body(let bytes): body(bytes, now, &actions)
            case .end: endOfBody(now, &actions)
            case .violation(let violation): return reject(violation, now, &actions)
            }
        }
    }

    private mutating func begin(_ head: RequestHead, _ framing: RequestFraming, _ now: Time, _ actions: inout [Action])
    {
        requests += 1
        isHead = head.method == .head
        isVersion10 = framing.isVersion10
        keepsAlive = framing.keepsAlive
        expectsContinue = framing.expectsContinue
        deadline = now + limits.bodyGrace
        let match = match(head)
        let maximum = match.body.maximumBytes
        if let length = framing.contentLength, length > maximum { return reject(Self.tooLarge(maximum), now, &actions) }
        if case .stream = match.body, case .route = match {
            phase = .streaming(received: 0, maximum: maximum)
            actions.append(.start(head, match, .stream))
            return
        }
        if case .route = match {
            sendContinue(now)
        } else if expectsContinue {
            // The answer is a refusal whatever the body: say so before it is sent.
            keepsAlive = false
            phase = .handling
            deadline = now + limits.handler
            actions.append(.start(head, match, .bytes([])))
            return
        }
        phase = .collecting(head, match, body: [], maximum: maximum)
    }

    /// A chunk that would lead past the bound is refused when it is announced.
    private mutating func expect(_ size: Int, _ now: Time, _ actions: inout [Action]) {
        switch phase {
        case .collecting(_, _, let body, let maximum) where body.count + size > maximum:
            reject(Self.tooLarge(maximum), now, &actions)
        case .streaming(let received, let maximum) where received + size > maximum:
            reject(Self.tooLarge(maximum), now, &actions)
        default: break
        }
    }

    private mutating func body(_ bytes: [UInt8], _ now: Time, _ actions: inout [Action]) {
        switch phase {
        case .collecting(let head, let match, var body, let maximum):
            phase = .head  // lets go of the buffer, so that appending does not copy it
            guard body.count + bytes.count <= maximum else { return reject(Self.tooLarge(maximum), now, &actions) }
            if body.isEmpty { body = bytes } else { body.append(contentsOf: bytes) }
            phase = .collecting(head, match, body: body, maximum: maximum)
        case .streaming(let received, let maximum):
            guard received + bytes.count <= maximum else { return reject(Self.tooLarge(maximum), now, &actions) }
            phase = .streaming(received: received + bytes.count, maximum: maximum)
            actions.append(.pushBody(bytes))
        default: break
        }
    }

    private mutating func endOfBody(_ now: Time, _ actions: inout [Action]) {
        switch phase {
        case .collecting(let head, let match, let body, _): actions.append(.start(head, match, .bytes(body)))
        case .streaming: actions.append(.finishBody)
        default: break
        }
        phase = .handling
        deadline = now + limits.handler
    }

    /// Answers a violation. A handler that is at work on the body is told that the body has ended badly.
    private mutating func reject(_ violation: ProtocolViolation, _ now: Time, _ actions: inout [Action]) {
        if case .streaming = phase { actions.append(contentsOf: [.interruptBody, .cancelHandler]) }
        self.violation = violation
        phase = .handling
        deadline = now + limits.handler
        actions.append(.reject(violation))
    }

    private mutating func sendContinue(_ now: Time) {
        guard expectsContinue else { return }
        expectsContinue = false
        // A client that sent its body without waiting needs no invitation.
        guard parser.buffered == 0 else { return }
        outgoing.append(now: now, limits) { $0.append(contentsOf: ResponseWriter.continueBytes) }
    }

    /// Every byte buys time, so that a body must come at the minimum rate, and a pause of a whole grace period ends it.
    private mutating func extendBodyDeadline(by bytes: Int, _ now: Time) {
        let bought = Duration.milliseconds(min(bytes, 1 << 20) * 1_000 / max(1, limits.bodyRate))
        deadline = min(deadline + bought, now + limits.bodyGrace)
    }

    private mutating func close(_ actions: inout [Action]) {
        switch phase {
        case .closed: return
        case .streaming: actions.append(contentsOf: [.interruptBody, .cancelHandler])
        case .handling, .responding(isChunked: true, _): actions.append(.cancelHandler)
        // Whose end is told by the end of the connection alone must not look whole.
        case .responding: actions.append(contentsOf: [.cancelHandler, .abort])
        case .lingering where pendingOutput > 0: actions.append(.abort)
        default: break
        }
        phase = .closed
        actions.append(.close)
    }

    /// The socket failed: nothing can be sent or read any more.
    package mutating func broke(_ actions: inout [Action]) { close(&actions) }

    private static func tooLarge(_ maximum: Int) -> ProtocolViolation {
        ProtocolViolation(
            .contentTooLarge,
            maximum == 0 ? "This operation takes no body." : "The body may have at most \(maximum) bytes.")
    }
}
