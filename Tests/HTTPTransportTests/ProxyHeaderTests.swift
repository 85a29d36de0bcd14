// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPTransport
import Testing

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    /// What a header says that comes in pieces of this size, and how much of what came was taken.
    private func read(_ bytes: [UInt8], step: Int) -> (ProxyHeader.Outcome, taken: Int) {
        var header = ProxyHeader(), taken = 0
        while case .needs(let count) = header.outcome, taken < bytes.count {
            let piece = Array(bytes[taken...].prefix(min(count, step)))
            _ = unsafe piece.withUnsafeBytes { unsafe header.take($0) }
            taken += piece.count
        }
        return (header.outcome, taken)
    }

    private func header(_ command: UInt8, _ family: UInt8, _ addresses: [UInt8]) -> [UInt8] {
        Self.signature + [command, family, UInt8(addresses.count >> 8), UInt8(addresses.count & 0xFF)] + addresses
    }

    private static let v4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0, 80]
    private static let v6: [UInt8] =
        [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1] + [UInt8](repeating: 9, count: 20)

    @Test(arguments: [1, 3, 100])
    func theSourceIsWhoTheProxySays(_ step: Int) throws {
        let rest = Array("GET / HTTP/1.1".utf8)
        let four = read(header(0x21, 0x11, Self.v4) + rest, step: step)
        #expect(four == (.source(try #require(NetworkAddress("192.0.2.1"))), 28))
        let six = read(header(0x21, 0x21, Self.v6) + rest, step: step)
        #expect(six == (.source(try #require(NetworkAddress("2001:db8::1"))), 52))
        // Remarks behind the addresses are passed over.
        let remarks = read(header(0x21, 0x11, Self.v4 + [4, 0, 4, 1, 2, 3, 4]) + rest, step: step)
        #expect(remarks == (.source(try #require(NetworkAddress("192.0.2.1"))), 35))
    }

    @Test func aProxyMaySpeakForItself() {
        #expect(read(header(0x20, 0x00, []), step: 100) == (.source(nil), 16))
        #expect(read(header(0x20, 0x11, Self.v4), step: 100) == (.source(nil), 28))
        #expect(read(header(0x21, 0x00, []), step: 100) == (.source(nil), 16))
    }

    @Test func anythingElseIsRefusedAsSoonAsItIsSeen() {
        #expect(read(Array("GET / HTTP/1.1\r\n".utf8), step: 1) == (.malformed, 1))
        #expect(read(Array("PROXY TCP4 192.0.2.1 198.51.100.1 1 80\r\n".utf8), step: 100).0 == .malformed)
        #expect(read(header(0x11, 0x11, Self.v4), step: 100).0 == .malformed)
        #expect(read(header(0x22, 0x11, Self.v4), step: 100).0 == .malformed)
        #expect(read(header(0x21, 0x41, Self.v4), step: 100).0 == .malformed)
        #expect(read(header(0x21, 0x11, [1, 2, 3]), step: 100).0 == .malformed)
        #expect(read(header(0x21, 0x21, Self.v4), step: 100).0 == .malformed)
        #expect(read(Self.signature + [0x21, 0x11, 0xFF, 0xFF], step: 100).0 == .malformed)
    }
}
