// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct WebLinkTests {
    @Test(arguments: [
        "https://example.in", "https://example.in/", "HTTPS://Example.in/a?b=c&d[]=%E0%A4%85#e",
        "https://a-b.example.co.in:8443/x@y",
        "https://xn--p1b6ci4b4b3a.example/%20", "https://example.in?x", "https://192.0.2.7/bill.pdf",
    ])
    func aLinkIsTakenAsItIs(_ text: String) {
        #expect(WebLink(text)?.text == "https" + text.dropFirst(5))
    }

    @Test(arguments: [
        "", "https://", "https:///", "https:/example.in", "https:example.in", "//example.in", "example.in",
        "http://example.in", "ftp://example.in", "javascript:alert(1)", "JAVASCRIPT://example.in/%0aalert(1)",
        "data:text/html,x", " https://example.in", "https://example.in ", "https://example.in/a b",
        "https://example.in/\n", "https://example.in/\u{0}", "https://user@example.in", "https://user:pass@example.in",
        "https://@example.in", "https://example.in\\@evil.example", "https://example.in\\", "https://localhost",
        "https://example", "https://.example.in", "https://example.in.", "https://-a.example.in",
        "https://a_b.example.in",
        "https://[::1]/", "https://example.in:", "https://example.in:0", "https://example.in:65536",
        "https://example.in:8a",
        "https://example.in:80:80", "https://example.in/%", "https://example.in/%2", "https://example.in/%zz",
        "https://example.in/\"x", "https://example.in/<x>", "https://example.in/`", "https://example.in/ü",
        "https://उदाहरण.भारत", "https://example%2ein/", "https://\(String(repeating: "a", count: 64)).in",
        "https://example.in/\(String(repeating: "a", count: 2_000))",
    ])
    func whatIsNoLinkForPeopleIsRefused(_ text: String) {
        #expect(WebLink(text) == nil)
    }
}
