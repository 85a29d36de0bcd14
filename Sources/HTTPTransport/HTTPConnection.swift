// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Glibc
import HTTPMessage

/// The shell around a ``ConnectionMachine``: it owns the socket, reads and writes it, and runs the machine's actions.
final class HTTPConnection: @unchecked Sendable {  // Guard: everything happens on `loop.queue`.
    let descriptor: Int32
    private(set) var token: UInt64 = 0
    private let loop: EventLoop
    private let responder: any Responder
    private let peer: NetworkAddress
    private let proxies: TrustedProxies
    private let onClose: @Sendable () -> Void
    private var machine: ConnectionMachine
    private var interest = Poller.Interest.reading
    private var isAwaitingWrite = false
    private var isHalfClosing = false
    private var hasShutDown = false
    private var stream: BodyStream?
    private var handler: Task<Void, Never>?
    /// Counts requests: a reply that comes after its request was given up is not the reply to the next one.
    private var turn = 0

    /// - Parameter descriptor: a connected, non-blocking socket, owned from here on.
    init(
        _ descriptor: Int32, from peer: NetworkAddress, loop: EventLoop, configuration: HTTPServerConfiguration,
        responder: any Responder, onClose: @escaping @Sendable () -> Void
    ) {
        self.peer = peer
        proxies = configuration.proxies
        self.descriptor = descriptor
        self.loop = loop
        self.responder = responder
        self.onClose = onClose
        machine = ConnectionMachine(limits: configuration.limits, now: .now) { responder.match($0) }
    }

    func start() { token = loop.add(self, interest) }

    // MARK: - Events

    func isReady(_ readiness: Poller.Readiness) {
        var actions: [ConnectionMachine.Action] = []
        if readiness.isWritable { isAwaitingWrite = false }
        if readiness.isReadable || (readiness.isBroken && interest.contains(.reading)) {
            switch loop.read(descriptor) {
            case .bytes(let bytes): unsafe machine.received(bytes, now: .now, &actions)
            case .end: machine.receivedEnd(now: .now, &actions)
            case .again: break
            case .failed: machine.broke(&actions)
            }
        } else if readiness.isBroken {
            // Nobody is left to read the reply.
            machine.broke(&actions)
        }
        perform(&actions)
    }

    func passed(_ now: ContinuousClock.Instant) {
        var actions: [ConnectionMachine.Action] = []
        machine.passed(now, &actions)
        if !actions.isEmpty { perform(&actions) }
    }

    func drain() {
        var actions: [ConnectionMachine.Action] = []
        machine.drain(&actions)
        perform(&actions)
    }

    func abort() {
        var actions: [ConnectionMachine.Action] = []
        machine.broke(&actions)
        perform(&actions)
    }

    private func responded(_ response: Response, turn: Int) {
        guard turn == self.turn, !machine.isClosed else { return }
        self.turn += 1
        handler = nil
        var actions: [ConnectionMachine.Action] = []
        machine.responded(response, common: loop.commonFields, date: loop.dateField, now: .now, &actions)
        perform(&actions)
    }

    private func bodyWanted() {
        var actions: [ConnectionMachine.Action] = []
        machine.bodyWanted(now: .now, &actions)
        perform(&actions)
    }

    // MARK: - Actions

    /// Does what the machine decided, then writes; writing may let the machine decide more.
    private func perform(_ actions: inout [ConnectionMachine.Action]) {
        while true {
            for action in actions { perform(action) }
            actions.removeAll(keepingCapacity: true)
            guard !machine.isClosed else { return }
            write(&actions)
            if actions.isEmpty { break }
        }
        if isHalfClosing && machine.pendingOutput == 0 && !hasShutDown {
            hasShutDown = true
            _ = shutdown(descriptor, Int32(SHUT_WR))
        }
        watch()
    }

    private func perform(_ action: ConnectionMachine.Action) {
        switch action {
        case .start(let head, let match, .bytes(let bytes)):
            handle(head, .bytes(bytes), match)
        case .start(let head, let match, .stream):
            let stream = BodyStream { [weak self] in
                guard let self else { return }
                loop.queue.async { self.bodyWanted() }
            }
            self.stream = stream
            handle(head, .stream(stream), match)
        case .reject(let violation): responded(responder.reply(to: violation), turn: turn)
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
        case .halfClose: isHalfClosing = true
        case .close: close()
        }
    }

    /// Runs the handler on the loop's own queue: between two awaits it is one more event of the loop. It leaves the queue
    /// for a lane when it needs the database, and comes back with the reply.
    private func handle(_ head: RequestHead, _ body: RequestBody, _ match: RouteMatch) {
        let request = Request(
            head: head, body: body, match: match, id: loop.nextRequestID(),
            client: proxies.client(of: head.fields, from: peer))
        let turn = turn
        handler = Task.immediate(executorPreference: loop.executor) { [responder] in
            let response = await responder.respond(to: request)
            self.responded(response, turn: turn)
        }
    }

    private func write(_ actions: inout [ConnectionMachine.Action]) {
        while machine.pendingOutput > 0, !isAwaitingWrite {
            let count = unsafe machine.output.withUnsafeBytes { bytes in
                let unsent = unsafe UnsafeRawBufferPointer(rebasing: bytes[machine.sent...])
                return unsafe send(descriptor, unsent.baseAddress, unsent.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                machine.wrote(count, now: .now, &actions)
                if !actions.isEmpty { return }
            } else if count < 0 && errno == EINTR {
                continue
            } else if count < 0 && errno == EAGAIN {
                isAwaitingWrite = true
            } else {
                return machine.broke(&actions)
            }
        }
    }

    /// Has the loop look out for what there is a use for now.
    private func watch() {
        var wanted: Poller.Interest = machine.wantsToRead ? .reading : []
        if isAwaitingWrite { wanted.insert(.writing) }
        guard wanted != interest else { return }
        interest = wanted
        loop.watch(self, wanted)
    }

    private func close() {
        handler?.cancel()
        handler = nil
        stream?.interrupt()
        stream = nil
        loop.remove(self)
        _ = Glibc.close(descriptor)
        onClose()
    }
}
