// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Execution
import Glibc
import HTTPMessage

/// The shell around a ``ConnectionMachine``: it owns the socket, reads and writes it, and runs the machine's actions.
final class HTTPConnection: ReadinessHandler, @unchecked Sendable {  // Guard: everything happens on `loop`.
    var descriptor: Int32 { channel.descriptor }
    private let channel: Channel
    private(set) var token: UInt64 = 0
    private let loop: ServingLoop
    private let responder: any Responder
    private var peer: NetworkAddress
    /// What the proxy says first, while it is still being read.
    private var proxyHeader: ProxyHeader?
    private let isAdmitted: @Sendable (NetworkAddress) -> Bool
    private let proxies: TrustedProxies
    private let onClose: @Sendable () -> Void
    private var machine: ConnectionMachine
    private var interest = Interest.reading
    private var isAwaitingWrite = false
    /// Under TLS either direction may have to wait for the other.
    private var readAwaitsWriting = false, writeAwaitsReading = false
    private var isHalfClosing = false
    private var hasShutDown = false
    private var stream: BodyStream?
    private var handler: Task<Void, Never>?
    /// The current request is among those that the loop counts.
    private var isCounted = false
    /// Waits for room for the next piece of a streamed reply.
    private var pieceWaiter: CheckedContinuation<Bool, Never>?
    /// Counts requests: a reply that comes after its request was given up is not the reply to the next one.
    private var turn = 0
    private var isPerforming = false
    /// What came up while actions were being worked off.
    private var queued: [ConnectionMachine.Action] = []

    /// - Parameters:
    ///   - channel: over a connected, non-blocking socket, owned from here on.
    ///   - isAdmitted: asked when a proxy has said whom the connection comes from.
    init(
        _ channel: Channel, from peer: NetworkAddress, loop: ServingLoop, configuration: HTTPServerConfiguration,
        responder: any Responder, isAdmitted: @escaping @Sendable (NetworkAddress) -> Bool,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.peer = peer
        self.isAdmitted = isAdmitted
        proxyHeader = configuration.readsProxyHeader ? ProxyHeader() : nil
        proxies = configuration.proxies
        self.channel = channel
        self.loop = loop
        self.responder = responder
        self.onClose = onClose
        machine = ConnectionMachine(limits: configuration.limits, now: .now) { responder.match($0) }
    }

    func start() { token = loop.add(self, interest) }

    // MARK: - Events

    func isReady(_ readiness: Readiness) {
        var actions = loop.takeActions()
        if readiness.isWritable { isAwaitingWrite = false }
        if readiness.isReadable || (readiness.isWritable && readAwaitsWriting)
            || (readiness.isBroken && interest.contains(.reading))
        {
            writeAwaitsReading = false
            read(&actions)
        } else if readiness.isBroken {
            // Nobody is left to read the reply.
            machine.broke(&actions)
        }
        perform(&actions)
        loop.giveBack(actions)
    }

    /// - Returns: whether the client's own bytes come next.
    private func readProxyHeader(_ actions: inout [ConnectionMachine.Action]) -> Bool {
        while var header = proxyHeader {
            switch header.outcome {
            case .needs(let count):
                let outcome = unsafe loop.readPlain(count, channel) { _ = unsafe header.take($0) }
                proxyHeader = header
                switch outcome {
                case .moved: continue
                case .wantsReading, .wantsWriting: return false
                case .ended, .failed: machine.broke(&actions)
                }
                return false
            case .source(let source):
                proxyHeader = nil
                guard let source else { return true }
                peer = source
                guard isAdmitted(source) else {
                    machine.broke(&actions)
                    return false
                }
            case .malformed:
                machine.broke(&actions)
                return false
            }
        }
        return true
    }

    private func read(_ actions: inout [ConnectionMachine.Action]) {
        guard proxyHeader == nil || readProxyHeader(&actions) else { return }
        readAwaitsWriting = false
        repeat {
            let outcome = unsafe loop.read(channel) { unsafe machine.received($0, now: .now, &actions) }
            switch outcome {
            case .moved: continue
            case .wantsReading: return
            case .wantsWriting: readAwaitsWriting = true
            case .ended: machine.receivedEnd(now: .now, &actions)
            case .failed: machine.broke(&actions)
            }
            return
        } while channel.hasMore && !machine.isClosed
    }

    var isClosed: Bool { machine.isClosed }

    /// - Returns: whether there was anything to do.
    func passed(_ now: ContinuousClock.Instant) -> Bool {
        var actions: [ConnectionMachine.Action] = []
        machine.passed(now, &actions)
        guard !actions.isEmpty else { return false }
        perform(&actions)
        return true
    }

    func drain() {
        machine.drain(now: .now)
    }

    func abort() {
        var actions: [ConnectionMachine.Action] = []
        machine.broke(&actions)
        perform(&actions)
    }

    private func responded(_ response: Response, turn: Int) {
        guard turn == self.turn, !machine.isClosed else {
            if case .stream(let stream) = response.body {
                stream.onEnd(ResponseStream.End(bytes: 0, failure: ResponseStream.Abandoned()))
            }
            return
        }
        var actions = loop.takeActions()
        answer(response, &actions)
        perform(&actions)
        loop.giveBack(actions)
    }

    private func answer(_ response: Response, _ actions: inout [ConnectionMachine.Action]) {
        machine.responded(response, date: loop.dateField, now: .now, &actions)
        guard !machine.isResponding else { return }
        replied()
        // Asked for by HEAD, it is not made.
        if case .stream(let stream) = response.body { stream.onEnd(ResponseStream.End(bytes: 0, failure: nil)) }
    }

    /// The current request has its reply: what is at work on it is not at work on the next one.
    private func replied() {
        turn += 1
        handler = nil
        uncount()
    }

    /// The request is no longer among those that are being answered.
    private func uncount() {
        guard isCounted else { return }
        isCounted = false
        loop.end()
    }

    private func bodyWanted() {
        var actions: [ConnectionMachine.Action] = []
        machine.bodyWanted(now: .now, &actions)
        perform(&actions)
    }

    // MARK: - Actions

    /// Does what the machine decided, then writes; writing may let the machine decide more.
    private func perform(_ actions: inout [ConnectionMachine.Action]) {
        // A handler that answers on the spot comes back here from within: what that leads to stands behind what the machine
        // decided before.
        guard !isPerforming else {
            queued.append(contentsOf: actions)
            return actions.removeAll(keepingCapacity: true)
        }
        isPerforming = true
        defer { isPerforming = false }
        while true {
            var index = 0
            while index < actions.count {
                let action = actions[index]
                index += 1
                perform(action, &actions)
                if !queued.isEmpty {
                    actions.append(contentsOf: queued)
                    queued.removeAll(keepingCapacity: true)
                }
            }
            actions.removeAll(keepingCapacity: true)
            guard !machine.isClosed else { return }
            write(&actions)
            if actions.isEmpty { break }
        }
        if isHalfClosing && machine.pendingOutput == 0 && !hasShutDown {
            hasShutDown = true
            channel.endWriting()
        }
        watch()
    }

    private func perform(_ action: ConnectionMachine.Action, _ more: inout [ConnectionMachine.Action]) {
        switch action {
        case .start(let head, let match, .bytes(let bytes)):
            guard loop.begin() else { return answer(responder.overloaded(head, loop.nextRequestID()), &more) }
            isCounted = true
            handle(head, .bytes(bytes), match, &more)
        case .start(let head, let match, .stream):
            let stream = BodyStream { [weak self] in
                guard let self else { return }
                loop.events.post { self.bodyWanted() }
            }
            self.stream = stream
            handle(head, .stream(stream), match, &more)
        case .reject(let violation): answer(responder.reply(to: violation), &more)
        case .pushBody(let bytes): if stream?.push(bytes) == false { machine.bodyFull() }
        case .finishBody:
            stream?.finish()
            stream = nil
        case .interruptBody:
            stream?.interrupt()
            stream = nil
        case .cancelHandler:
            handler?.cancel()
            handler = nil
        case .clientLeft: handler?.cancel()
        case .startStream(let stream):
            uncount()
            send(stream)
        case .resumeStream: answerWaiter(true)
        case .abort: channel.resetOnClose()
        case .halfClose: isHalfClosing = true
        case .close: close()
        }
    }

    /// Runs the handler on the loop's own queue: between two awaits it is one more event of the loop. It leaves the queue
    /// for a lane when it needs the database, and comes back with the reply.
    private func handle(
        _ head: RequestHead, _ body: RequestBody, _ match: RouteMatch, _ more: inout [ConnectionMachine.Action]
    ) {
        let request = Request(
            head: head, body: body, match: match, id: loop.nextRequestID(),
            client: proxies.client(of: head.fields, from: peer))
        switch responder.answer(request) {
        case .now(let response): answer(response, &more)
        case .later(let work):
            let turn = turn
            handler = Task.immediate(executorPreference: loop.events) {
                let response = await work()
                self.responded(response, turn: turn)
            }
        }
    }

    // MARK: - Streamed replies

    /// Sends the pieces of a reply as they are made, in a task of its own on the loop.
    private func send(_ stream: ResponseStream) {
        let turn = turn
        handler = Task.immediate(executorPreference: loop.events) {
            var bytes = 0
            do {
                for try await piece in stream.pieces {
                    guard await self.hasRoom(turn) else { throw ResponseStream.Abandoned() }
                    bytes += piece.count
                    self.act(turn) { machine, _ in machine.streamed(piece, now: .now) }
                }
                guard turn == self.turn, !self.machine.isClosed, !Task.isCancelled else {
                    throw ResponseStream.Abandoned()
                }
                self.act(turn) { machine, actions in machine.streamEnded(now: .now, &actions) }
                stream.onEnd(ResponseStream.End(bytes: bytes, failure: nil))
            } catch {
                self.act(turn) { machine, actions in machine.streamFailed(&actions) }
                stream.onEnd(ResponseStream.End(bytes: bytes, failure: error))
            }
        }
    }

    /// Waits until the client has taken enough of what came before.
    /// - Returns: false when nothing more is wanted.
    private func hasRoom(_ turn: Int) async -> Bool {
        guard turn == self.turn, !machine.isClosed, !Task.isCancelled else { return false }
        if machine.wantsPiece() { return true }
        return await withCheckedContinuation { pieceWaiter = $0 }
    }

    private func answerWaiter(_ hasRoom: Bool) {
        pieceWaiter?.resume(returning: hasRoom)
        pieceWaiter = nil
    }

    /// Tells the machine something about the reply that is under way, if it still is.
    private func act(_ turn: Int, _ event: (inout ConnectionMachine, inout [ConnectionMachine.Action]) -> Void) {
        guard turn == self.turn, !machine.isClosed else { return }
        var actions: [ConnectionMachine.Action] = []
        event(&machine, &actions)
        if !machine.isResponding { replied() }
        perform(&actions)
    }

    private func write(_ actions: inout [ConnectionMachine.Action]) {
        while machine.pendingOutput > 0, !isAwaitingWrite, !writeAwaitsReading {
            let outcome = unsafe machine.withPending { unsafe channel.write($0) }
            switch outcome {
            case .moved(let count):
                machine.wrote(count, now: .now, &actions)
                if !actions.isEmpty { return }
            case .wantsWriting: isAwaitingWrite = true
            case .wantsReading: writeAwaitsReading = true
            case .ended, .failed: return machine.broke(&actions)
            }
        }
    }

    /// Has the loop look out for what there is a use for now.
    private func watch() {
        var wanted: Interest = machine.wantsToRead || writeAwaitsReading ? .reading : []
        if isAwaitingWrite || readAwaitsWriting { wanted.insert(.writing) }
        guard wanted != interest else { return }
        interest = wanted
        loop.watch(self, wanted)
    }

    private func close() {
        handler?.cancel()
        handler = nil
        uncount()
        answerWaiter(false)
        stream?.interrupt()
        stream = nil
        loop.remove(self)
        _ = Glibc.close(descriptor)
        onClose()
    }
}
