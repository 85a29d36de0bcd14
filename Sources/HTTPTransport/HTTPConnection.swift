// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Glibc
import HTTPMessage

/// The shell around a ``ConnectionMachine``: it owns the socket, reads and writes it, and runs the machine's actions.
final class HTTPConnection: @unchecked Sendable {  // Guard: everything happens on `loop.queue`.
    let descriptor: Int32
    private let loop: EventLoop
    private let responder: any Responder
    private let onClose: @Sendable () -> Void
    private var machine: ConnectionMachine
    private let readSource: any DispatchSourceRead
    private let writeSource: any DispatchSourceWrite
    private var isReading = true
    private var isAwaitingWrite = false
    private var isHalfClosing = false
    private var hasShutDown = false
    private var stream: BodyStream?
    private var handler: Task<Void, Never>?
    /// Counts requests: a reply that comes after its request was given up is not the reply to the next one.
    private var turn = 0

    /// - Parameter descriptor: a connected, non-blocking socket, owned from here on.
    init(_ descriptor: Int32, loop: EventLoop, limits: HTTPLimits, responder: any Responder, onClose: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        self.loop = loop
        self.responder = responder
        self.onClose = onClose
        machine = ConnectionMachine(limits: limits, now: .now) { responder.match($0) }
        readSource = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: loop.queue)
        writeSource = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: loop.queue)
    }

    func start() {
        // Both sources must have let go of the descriptor before its number may be used again.
        let group = DispatchGroup()
        group.enter()
        group.enter()
        readSource.setCancelHandler { group.leave() }
        writeSource.setCancelHandler { group.leave() }
        group.notify(queue: loop.queue) { [descriptor, onClose] in
            _ = Glibc.close(descriptor)
            onClose()
        }
        readSource.setEventHandler { [weak self] in self?.readable() }
        writeSource.setEventHandler { [weak self] in self?.writable() }
        readSource.activate()
        loop.add(self)
    }

    // MARK: - Events

    private func readable() {
        var actions: [ConnectionMachine.Action] = []
        switch loop.read(descriptor) {
        case .bytes(let bytes): unsafe machine.received(bytes, now: .now, &actions)
        case .end: machine.receivedEnd(now: .now, &actions)
        case .again: return
        case .failed: machine.broke(&actions)
        }
        perform(&actions)
    }

    private func writable() {
        suspendWriting()
        var actions: [ConnectionMachine.Action] = []
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
        machine.responded(response, date: loop.dateField, now: .now, &actions)
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
        adjustReading()
    }

    private func perform(_ action: ConnectionMachine.Action) {
        switch action {
        case .start(let head, let match, .bytes(let bytes)): handle(Request(head: head, body: .bytes(bytes), match: match))
        case .start(let head, let match, .stream):
            let stream = BodyStream { [weak self] in
                guard let self else { return }
                loop.queue.async { self.bodyWanted() }
            }
            self.stream = stream
            handle(Request(head: head, body: .stream(stream), match: match))
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
    private func handle(_ request: Request) {
        let turn = turn
        handler = Task(executorPreference: loop.executor) { [responder] in
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
                writeSource.activateOrResume(isFirst: !hasActivatedWriting)
                hasActivatedWriting = true
            } else {
                return machine.broke(&actions)
            }
        }
    }

    private var hasActivatedWriting = false

    private func suspendWriting() {
        guard isAwaitingWrite else { return }
        isAwaitingWrite = false
        writeSource.suspend()
    }

    private func adjustReading() {
        let wants = machine.wantsToRead
        guard wants != isReading else { return }
        isReading = wants
        if wants { readSource.resume() } else { readSource.suspend() }
    }

    private func close() {
        handler?.cancel()
        handler = nil
        stream?.interrupt()
        stream = nil
        // A suspended source never delivers its cancellation, and one that was never activated must be before it goes.
        readSource.cancel()
        if !isReading { readSource.resume() }
        writeSource.cancel()
        if !hasActivatedWriting { writeSource.activate() } else if !isAwaitingWrite { writeSource.resume() }
        loop.remove(descriptor)
    }
}

extension DispatchSourceProtocol {
    /// Sources begin inactive, which `resume` does not end.
    fileprivate func activateOrResume(isFirst: Bool) {
        if isFirst { activate() } else { resume() }
    }
}
