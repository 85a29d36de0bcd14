// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Execution

/// What names mean at the moment. Whoever asks for a name that is being looked up waits with the others, and lookups that hang
/// hold lanes of their own and nothing else.
final class NameTable: Sendable {
    typealias Answer = Result<[NetworkAddress], OutboundError>

    private struct State {
        var known: [String: (addresses: [NetworkAddress], until: ContinuousClock.Instant)] = [:]
        var waiting: [String: [@Sendable (Answer) -> Void]] = [:]
    }

    private static let keep = Duration.seconds(30), maximumNames = 1_024, maximumLookups = 256

    private let lookup: any NameLookup
    private let lanes = LaneExecutor(label: "unnati.names", lanes: 4)
    private let state = Lock(State())

    init(_ lookup: any NameLookup) { self.lookup = lookup }

    /// - Parameter done: called once, on any thread.
    func addresses(of host: String, _ done: @escaping @Sendable (Answer) -> Void) {
        enum Step { case answer(Answer), wait, ask }
        let step: Step = state.with { state in
            if let known = state.known[host], known.until > .now { return .answer(.success(known.addresses)) }
            if state.waiting[host] != nil {
                state.waiting[host]?.append(done)
                return .wait
            }
            guard state.waiting.count < Self.maximumLookups else { return .answer(.failure(.busy)) }
            state.waiting[host] = [done]
            return .ask
        }
        switch step {
        case .answer(let answer): done(answer)
        case .wait: break
        case .ask:
            // Nobody cancels it: it ends when the resolver gives up, whoever still waits.
            Task(executorPreference: lanes) { self.finish(host, self.ask(host)) }
        }
    }

    private func ask(_ host: String) -> Answer {
        guard let addresses = try? lookup.addresses(of: host), !addresses.isEmpty else {
            return .failure(.unresolvable)
        }
        return .success(Array(addresses.prefix(16)))
    }

    private func finish(_ host: String, _ answer: Answer) {
        let waiting = state.with { state in
            if case .success(let addresses) = answer {
                if state.known.count >= Self.maximumNames { state.known.removeAll() }
                state.known[host] = (addresses, .now + Self.keep)
            }
            return state.waiting.removeValue(forKey: host) ?? []
        }
        for done in waiting { done(answer) }
    }
}
