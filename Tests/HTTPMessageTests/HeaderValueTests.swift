// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes
import Testing

@Suite struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736", parent = "00f067aa0ba902b7"

    private func read(_ text: String) -> TraceContext? {
        let bytes = Array(text.utf8)
        return TraceContext(bytes.span)
    }

    @Test func aTraceIsReadAsItsCallerWroteIt() throws {
        let context = try #require(read("00-\(Self.trace)-\(Self.parent)-01"))
        #expect(context.traceID == Self.trace && context.parentID == Self.parent && context.isSampled)
        #expect(read("00-\(Self.trace)-\(Self.parent)-02")?.isSampled == false)
        // A version to come may say more.
        #expect(read("01-\(Self.trace)-\(Self.parent)-01-more")?.traceID == Self.trace)
    }

    @Test(arguments: [
        "", "00", "00-", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-", "00-\(trace)-\(parent)-0x",
        "ff-\(trace)-\(parent)-01", "00-\(trace.uppercased())-\(parent)-01", "01-\(trace)-\(parent)-01more",
        "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
        "00_\(trace)_\(parent)_01",
    ])
    func whatCannotBeReadIsNoTrace(_ text: String) {
        #expect(read(text) == nil)
    }
}

@Suite struct CookiesTests {
    private func cookies(_ lines: String...) -> Cookies { Cookies(RequestFields(lines.map { (.cookie, $0) })) }

    @Test func cookiesAreReadByName() {
        let found = cookies("a=1; __Host-session=x.y-z~; q=\"quoted\"", "b=2")
        #expect(found["a"] == "1" && found["b"] == "2" && found["q"] == "quoted")
        #expect(found["__Host-session"] == "x.y-z~")
        #expect(found["A"] == nil && found["c"] == nil)
    }

    @Test func ofTwoWithOneNameNeitherIsBelieved() {
        #expect(cookies("a=1; a=2")["a"] == nil)
        #expect(cookies("a=1", "a=1")["a"] == nil)
    }

    @Test func whatMayNotStandInACookieIsPassedOver() {
        let found = cookies("a; =b; c d=e; f=g h; i=j,k; l=\"m; \u{e9}=n; o=\u{e9}; p=q")
        #expect(found.count == 1 && found["p"] == "q")
        #expect(cookies((0..<200).map { "c\($0)=\($0)" }.joined(separator: "; ")).count == Cookies.maximum)
    }
}
