// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes
import Testing

@Suite struct TrustedProxiesTests {
    private func client(
        _ lines: [String], from peer: String = "10.0.0.1", _ header: TrustedProxies.Header = .xForwardedFor
    ) throws -> String {
        var proxies = TrustedProxies()
        proxies.networks = ["10.0.0.0/8", "fd00::/8"].compactMap { NetworkRange($0) }
        proxies.header = header
        let name = try #require(HTTPField.Name(header == .forwarded ? "Forwarded" : "X-Forwarded-For"))
        let fields = RequestFields(lines.map { (name, $0) })
        return proxies.client(of: fields, from: try #require(NetworkAddress(peer))).description
    }

    @Test(arguments: [
        (["203.0.113.7"], "203.0.113.7"), (["203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::1]:4711"], "2001:db8:0:0:0:0:0:1"), (["2001:db8::1"], "2001:db8:0:0:0:0:0:1"),
        // What stands before the first stranger is his own invention.
        (["127.0.0.1, 203.0.113.7"], "203.0.113.7"), (["203.0.113.7, 10.0.0.2, 10.0.0.3"], "203.0.113.7"),
        (["1.1.1.1", "203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        // What cannot be read is where belief ends.
        (["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"), (["_hidden"], "10.0.0.1"), ([""], "10.0.0.1"),
        ([",,,"], "10.0.0.1"), ([], "10.0.0.1"), (["203.0.113.7 10.0.0.2"], "10.0.0.1"), (["256.1.1.1"], "10.0.0.1"),
        (["::ffff:203.0.113.7"], "203.0.113.7"), (["fe80::1%eth0"], "10.0.0.1"), (["10.0.0.9"], "10.0.0.9"),
    ])
    func theFirstStrangerFromTheEndIsTheClient(_ lines: [String], _ expected: String) throws {
        #expect(try client(lines) == expected)
    }

    @Test func whoIsNoProxyIsBelievedNothing() throws {
        #expect(try client(["203.0.113.7"], from: "198.51.100.1") == "198.51.100.1")
        #expect(TrustedProxies().client(of: RequestFields(), from: NetworkAddress(ipv4: 1)) == NetworkAddress(ipv4: 1))
    }

    @Test func aLongListIsReadToABound() throws {
        #expect(try client([Array(repeating: "10.0.0.2", count: 10_000).joined(separator: ",")]) == "10.0.0.2")
        #expect(try client(["203.0.113.7" + String(repeating: ",10.0.0.2", count: 40)]) == "10.0.0.2")
    }

    @Test(arguments: [
        ("for=203.0.113.7", "203.0.113.7"), ("For=\"[2001:db8::1]:4711\";proto=https", "2001:db8:0:0:0:0:0:1"),
        ("for=1.1.1.1;by=x, proto=http;for=203.0.113.7;by=10.0.0.2, for=10.0.0.2", "203.0.113.7"),
        ("for=\"a,b\", for=10.0.0.2", "10.0.0.2"), ("for=\"203.0.113.7", "10.0.0.1"), ("for=", "10.0.0.1"),
        ("proto=https", "10.0.0.1"), ("for=\"203.0.113.\\7\"", "10.0.0.1"), ("for=unknown", "10.0.0.1"),
        (";;;,,;=\"\\", "10.0.0.1"),
    ])
    func theStandardHeaderIsReadToo(_ line: String, _ expected: String) throws {
        #expect(try client([line], .forwarded) == expected)
    }

    @Test func rangesAreReadStrictly() throws {
        let range = try #require(NetworkRange("10.1.0.0/16"))
        #expect(range.contains(NetworkAddress(ipv4: 0x0A01_FFFF)) && !range.contains(NetworkAddress(ipv4: 0x0A02_0000)))
        #expect(NetworkRange("0.0.0.0/0")?.contains(NetworkAddress(ipv4: 5)) == true)
        #expect(NetworkRange("0.0.0.0/0")?.contains(NetworkAddress(high: 1, low: 5)) == false)
        #expect(NetworkRange("::/0")?.contains(NetworkAddress(high: 1, low: 5)) == true)
        for text in [
            "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0/8", "", "/8", "a/8",
            "10.0.0.0/8/8",
        ] {
            #expect(NetworkRange(text) == nil, "\(text)")
        }
    }
}
