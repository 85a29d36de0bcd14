// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Every case of the corpus on the connection as a value: what it begins to answer, and with what status it refuses.
@Suite struct CorpusTests {
    @Test(arguments: CorpusCase.all)
    func eachCaseIsFramedAsItShouldBe(_ example: CorpusCase) {
        // Behind a refusal stands one more request, which nobody may read.
        let send = example.send + (example.refusal == nil ? [] : Array("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        for step in [send.count, 1] {
            let (started, refusal) = run(send, step: step)
            #expect(started == example.accepted, "in pieces of \(step)")
            #expect(refusal == example.refusal, "in pieces of \(step)")
        }
    }

    /// Answers every request at once, until the connection ends.
    private func run(_ bytes: [UInt8], step: Int) -> (started: Int, refusal: Int?) {
        let router = Router(.likeTheAPI)
        let now = ContinuousClock.now
        var machine = ConnectionMachine(limits: HTTPLimits(), now: now) { router.match($0) }
        var started = 0, refusal: Int?, rest = bytes[...], actions: [ConnectionMachine.Action] = []
        while !rest.isEmpty {
            let piece = Array(rest.prefix(step))
            rest = rest.dropFirst(piece.count)
            unsafe piece.withUnsafeBytes { unsafe machine.received($0, now: now, &actions) }
            while !actions.isEmpty {
                let action = actions.removeFirst()
                switch action {
                case .start: started += 1
                case .reject(let violation): refusal = violation.status.code
                default: continue
                }
                machine.responded(Response(.ok), date: [], now: now, &actions)
                machine.wrote(machine.pendingOutput, now: now, &actions)
            }
        }
        return (started, refusal)
    }
}

extension RouteTable {
    /// The addresses that the corpus asks for, with bodies bounded as there.
    fileprivate static var likeTheAPI: RouteTable {
        let table = RouteTable()
        let group = RouteGroup<OpenContext>(table) { _, _ in .now(OpenContext()) }
        group.get("/livez", operation: "getLiveness", access: .everyone) { _, _ in Response(.ok) }
        group.get("/v1/me", operation: "getMe", access: .everyone) { _, _ in Response(.ok) }
        group.post("/v1/auth/login", operation: "logIn", access: .everyone, repeating: .harmless) { _, _ in
            Response(.ok)
        }
        group.delete("/v1/customers/{customer_id}", operation: "deleteCustomer", access: .everyone) { _, _ in
            Response(.ok)
        }
        return table
    }
}
