// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1",
        "127.255.255.254", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
    ])
    func anAddressThatIsNotTheInternetsIsRefused(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(!AddressGuard.isPublic(address))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "198.17.0.1",
        "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111", "2400:cb00::1", "2003::1",
    ])
    func anAddressOfTheInternetIsAdmitted(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(AddressGuard.isPublic(address))
    }

    @Test(arguments: [
        "http://example.in/hook", "ftp://example.in/", "file:///etc/passwd", "gopher://example.in/", "//example.in/",
        "example.in", "", "https://", "https:///path", "https://user@example.in/", "https://user:pass@example.in/",
        "https://example.in:80/", "https://example.in:5432/", "https://example.in:0/", "https://example.in:65536/",
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://0x7f.1/", "https://017700000001/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/",
        "https://169.254.169.254/latest/meta-data/", "https://localhost/", "https://db/",
        "https://example.in\\@evil.in/",
        "https://example.in/#fragment", "https://exa mple.in/", "https://example.in/\r\nHost: evil.in",
        "https://example.in/\u{0}", "https://example.in%00.evil.in/", "https://example..in/%zz\n",
        "https://1.2.3.4.5.6/",
        "https://127.0.0.1.:443/", "https://１２７.0.0.1/", "https://[fe80::1%25eth0]/", "https://example.in:443:443/",
        "https://example.in%2f@evil.in/", "https://-/", "https://" + String(repeating: "a", count: 300) + ".in/",
        "https://example.in/" + String(repeating: "a", count: 3_000),
    ])
    func aUsersAddressThatIsNoPlainHTTPSNameIsRefused(_ text: String) {
        #expect(throws: OutboundURL.Invalid.self) { try OutboundURL.given(text) }
    }

    @Test(arguments: [
        ("https://example.in", "https://example.in/", "example.in", 443),
        ("HTTPS://Example.IN/Hook?a=1&b=%20", "https://example.in/Hook?a=1&b=%20", "example.in", 443),
        ("https://hooks.example.in:8443/x", "https://hooks.example.in:8443/x", "hooks.example.in", 8_443),
        ("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
        ("https://दुकान.भारत/", "https://xn--11b7ah1gn.xn--h2brj9c/", "xn--11b7ah1gn.xn--h2brj9c", 443),
        ("https://example.in/a/../b", "https://example.in/a/../b", "example.in", 443),
    ])
    func aUsersAddressIsPutIntoNormalForm(_ text: String, _ normal: String, _ host: String, _ port: Int) throws {
        let url = try OutboundURL.given(text)
        #expect(url.text == normal)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.isUserGiven)
    }

    @Test(arguments: [
        "http://api.example.in/", "http://10.0.0.5/", "ldap://example.in/", "http://localhost.example.in/",
        "smtp://u:p@mail.in",
    ])
    func aConfiguredAddressIsEncryptedUnlessItIsThisMachine(_ text: String) {
        #expect(throws: OutboundURL.Invalid.self) { try OutboundURL.configured(text) }
    }

    @Test func thisMachineMayBeCalledInTheClear() throws {
        #expect(try OutboundURL.configured("http://127.0.0.1:8000").port == 8_000)
        #expect(try OutboundURL.configured("http://localhost:8000").host == "localhost")
        #expect(try OutboundURL.configured("https://10.0.0.5:8443/x").host == "10.0.0.5")
        #expect(try OutboundURL.configured("smtp://mail.example.in:587").port == 587)
    }

    @Test func aPathAndAQueryAreEncodedWhereTheyAreAdded() throws {
        let base = try OutboundURL.configured("https://api.example.in/v2/")
        let url = base.appending("/messages", query: [("to", "+91 98&x=1"), ("क", "é")])
        #expect(url.text == "https://api.example.in/v2/messages?to=%2B91%2098%26x%3D1&%E0%A4%95=%C3%A9")
    }

    @Test func aDescriptionShowsNeitherPathNorQuery() throws {
        #expect(
            "\(try OutboundURL.configured("https://api.example.in/bot123:secret?key=secret"))"
                == "https://api.example.in:443")
    }
}
