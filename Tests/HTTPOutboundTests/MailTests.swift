// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import TestSupport
import Testing

@Suite struct MailTests {
    private func mailbox(_ address: String, _ name: String? = nil) throws -> MailMessage.Mailbox {
        MailMessage.Mailbox(name: name, try #require(EmailAddress(address)))
    }

    private func server(_ caller: Caller, _ name: String = "smtp", password: String = "seven silk saris") throws
        -> MailServer
    {
        try #require(
            MailServer(
                .configured(caller.simulator.url(over: name)), credential: Secret((user: "unnati", password: password)))
        )
    }

    private func message(
        to local: String = "asha", subject: String = "Hello", text: String = "Good day.", html: String? = nil
    )
        throws -> (MailMessage, String)
    {
        let address = "\(local)@\(UUIDv7.next().hex).example.in"
        return (
            try MailMessage(
                id: .next(), from: mailbox("shop@acme.in", "Acme"), to: mailbox(address), subject: subject, text: text,
                html: html), address
        )
    }

    @Test(arguments: ["smtp", "smtps"])
    func aMessageArrivesOverTLS(_ name: String) async throws {
        try await Caller.run { caller in
            let (message, address) = try message(text: "Line one\n.\n..two\r\nThree\n")
            try await caller.client.deliver(message, through: server(caller, name))
            let mail = try #require(try caller.simulator.mail(to: address).first)
            #expect(mail.encrypted)
            #expect(mail.from == "shop@acme.in")
            #expect(mail.to == [address])
            #expect(mail.parts["text/plain"] == "Line one\n.\n..two\nThree\n")
            #expect(mail.field("Message-ID") == "<\(message.id)@acme.in>")
        }
    }

    @Test(arguments: [
        "दुकान खुल गई है! आज ही आइए और पाइए दस प्रतिशत की छूट, केवल इस सप्ताह के लिए।", "=?UTF-8?B?SGVsbG8=?=",
        "A subject " + String(repeating: "of some length ", count: 20), "\"quoted\" <not@an.address>, and; more:", "🎉",
        " leading and trailing ", "x", "",
    ])
    func aSubjectArrivesAsItWasWritten(_ subject: String) async throws {
        try await Caller.run { caller in
            let (message, address) = try message(subject: subject, text: "नमस्ते आशा\n", html: "<p>नमस्ते <b>आशा</b></p>\n")
            try await caller.client.deliver(message, through: server(caller))
            let mail = try #require(try caller.simulator.mail(to: address).first)
            #expect(mail.field("Subject") == subject)
            #expect(mail.parts == ["text/plain": "नमस्ते आशा\n", "text/html": "<p>नमस्ते <b>आशा</b></p>\n"])
        }
    }

    @Test func namesAndAListsWayOutArrive() async throws {
        try await Caller.run { caller in
            let address = "ravi@\(UUIDv7.next().hex).example.in"
            let message = try MailMessage(
                id: .next(), from: mailbox("shop@acme.in", "श्री दर्ज़ी, \"Tailors\" <x@y.z>"), to: mailbox(address, "Ravi"),
                replyTo: mailbox("owner@acme.in"), subject: "Offer", text: "",
                unsubscribing: .init(
                    url: .configured("https://unnati.example.in/u/abc"), address: EmailAddress("stop@acme.in")
                ),
                date: Instant(microseconds: 1_000_000_000_000_000))
            try await caller.client.deliver(message, through: server(caller))
            let mail = try #require(try caller.simulator.mail(to: address).first)
            #expect(mail.field("From")?.contains("श्री दर्ज़ी") == true)
            #expect(mail.field("From")?.hasSuffix("<shop@acme.in>") == true)
            #expect(mail.field("To") == "Ravi <\(address)>")
            #expect(mail.field("Reply-To") == "owner@acme.in")
            #expect(mail.field("List-Unsubscribe") == "<https://unnati.example.in/u/abc>, <mailto:stop@acme.in>")
            #expect(mail.field("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click")
            #expect(mail.field("Date") == "Sun, 09 Sep 2001 01:46:40 +0000")
        }
    }

    @Test(arguments: ["Hi\r\nBcc: all@example.in", "Hi\nX", "Hi\rX", "a\u{0}b", "a\u{2028}b", "a\u{85}b", "a\u{B}b"])
    func textThatWouldBeAHeaderIsRefused(_ text: String) throws {
        #expect(throws: MailMessage.Invalid.controlCharacter) { try message(subject: text) }
        #expect(throws: MailMessage.Invalid.controlCharacter) {
            try MailMessage(
                id: .next(), from: mailbox("shop@acme.in", text), to: mailbox("a@example.in"), subject: "", text: "")
        }
        #expect(EmailAddress("a@example.in\(text)") == nil)
    }

    @Test func whatIsTooLongIsRefused() throws {
        #expect(throws: MailMessage.Invalid.tooLong) { try message(subject: String(repeating: "a", count: 901)) }
        #expect(throws: MailMessage.Invalid.tooLong) { try message(text: String(repeating: "a", count: 300_000)) }
    }

    @Test(arguments: [
        ("nobody", 550, true, false), ("old", 550, false, false), ("blocked", 554, false, false),
        ("later", 451, false, true),
        ("full", 452, false, true),
    ])
    func aRefusalSaysWhetherToComeBack(_ local: String, _ status: Int, _ isUnknown: Bool, _ isTransient: Bool)
        async throws
    {
        try await Caller.run { caller in
            let (message, address) = try message(to: local)
            let refusal = await #expect(throws: MailRefusal.self) {
                try await caller.client.deliver(message, through: server(caller))
            }
            #expect(refusal?.status == status)
            #expect((refusal?.enhanced == nil) == (local == "old"))
            #expect(refusal?.isUnknownAddress == isUnknown)
            #expect(refusal?.isTransient == isTransient)
            #expect(try caller.simulator.mail(to: address).isEmpty)
        }
    }

    @Test(arguments: ["smtp_plain", "smtp_elsewhere"])
    func withoutTLSThatCanBeTrustedNothingIsSaid(_ name: String) async throws {
        try await Caller.run { caller in
            let (message, address) = try message()
            let failure = await #expect(throws: (any Error).self) {
                try await caller.client.deliver(message, through: server(caller, name))
            }
            guard case .untrusted? = failure as? OutboundError else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(try caller.simulator.mail(to: address).isEmpty)
        }
    }

    @Test func aWrongPasswordIsARefusal() async throws {
        try await Caller.run { caller in
            let (message, _) = try message()
            let refusal = await #expect(throws: MailRefusal.self) {
                try await caller.client.deliver(message, through: server(caller, password: "wrong"))
            }
            #expect(refusal?.status == 535)
        }
    }

    /// Cancelled in the middle, a message does not arrive as far as it had come.
    @Test func aMessageThatIsCancelledDoesNotArriveInPart() async throws {
        try await Caller.run { caller in
            let (message, address) = try message(to: "hang"), server = try server(caller)
            let start = ContinuousClock.now
            let task = Task { try await caller.client.deliver(message, through: server) }
            try await Task.sleep(for: .milliseconds(500))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(start.duration(to: .now) < .seconds(1))
            try await Task.sleep(for: .seconds(2))
            #expect(try caller.simulator.mail(to: address).isEmpty)
        }
    }

    /// libcurl waits for mail servers where it is called: whoever else calls must not wait with it.
    @Test func aMailServerThatThinksKeepsNobodyElseWaiting() async throws {
        try await Caller.run { caller in
            let (message, address) = try message(to: "slow"), server = try server(caller)
            async let delivered: Void = caller.client.deliver(message, through: server)
            let path = try caller.simulator.script(["status": 200])
            var slowest = Duration.zero
            let end = ContinuousClock.now + .seconds(3)
            while ContinuousClock.now < end {
                let start = ContinuousClock.now
                try await caller.send(caller.request(path))
                slowest = max(slowest, start.duration(to: .now))
                try await Task.sleep(for: .milliseconds(20))
            }
            try await delivered
            #expect(slowest < .milliseconds(500))
            #expect(try caller.simulator.mail(to: address).count == 1)
        }
    }
}
