// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTransport
import Testing

@Suite struct ConnectionCountsTests {
    @Test func aSubscriberHasABoundAndOthersDoNotShareIt() throws {
        let one = try #require(NetworkAddress("203.0.113.7")), two = try #require(NetworkAddress("203.0.113.8"))
        var counts = ConnectionCounts()

        let taken = (0..<4).map { _ in counts.add(one, maximum: 3) }
        let other = counts.add(two, maximum: 3), exempt = (0..<10).map { _ in counts.add(nil, maximum: 3) }
        #expect(taken == [true, true, true, false])
        #expect(other && !exempt.contains(false))
        #expect(counts.total == 14)

        counts.remove(one)
        let again = [counts.add(one, maximum: 3), counts.add(one, maximum: 3)]
        #expect(again == [true, false])
        for _ in 0..<10 { counts.remove(nil) }
        #expect(counts.total == 4)
    }
}
