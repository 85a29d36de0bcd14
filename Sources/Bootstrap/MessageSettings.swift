// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import Messaging
import Metrics

/// How messages leave.
package struct MessageSettings: Sendable {
    package var mail: MailSettings?
    package var sms: SMSSettings?
    /// `SMS_COUNTRIES`: country codes that text messages are sent to. What they cost elsewhere invites fraud.
    package var countries = ["91"]

    package init() {}
}

/// How mail is handed in, and from whom it comes.
package struct MailSettings: Sendable {
    let server: MailServer
    let sender: MailMessage.Mailbox

    package init(server: MailServer, sender: MailMessage.Mailbox) {
        self.server = server
        self.sender = sender
    }

    /// Sends a message that says that it arrives.
    /// - Throws: `OutboundError`, `MailRefusal`, `ConfigurationReader.Mistakes`.
    package func sendTrial(to recipient: EmailAddress, _ outbound: OutboundConfiguration) async throws {
        let client = try OutboundClient(configured: outbound, metrics: NOOPMetricsHandler.instance)
        defer { client.close() }
        let message = try MailMessage(
            id: .next(), from: sender, to: MailMessage.Mailbox(recipient), subject: "Unnati can send mail",
            text: "This message was sent to see whether the settings for mail are right. They are.\n")
        try await client.deliver(message, through: server)
    }
}

/// Who hands text messages on.
package enum SMSSettings: Sendable {
    /// - Parameter templates: MSG91's own ids.
    case msg91(base: String, key: Secret<String>, templates: [SMSTemplate: String])
    /// - Parameter texts: as registered, with gaps such as `{code}`.
    case twilio(
        base: String, account: String, token: Secret<String>, service: String, texts: [SMSTemplate: String])

    func sender(_ client: OutboundClient) throws(OutboundURL.Invalid) -> any SMSSender {
        switch self {
        case .msg91(let base, let key, let templates):
            try MSG91(client: client, base: base, key: key, templates: templates)
        case .twilio(let base, let account, let token, let service, let texts):
            try Twilio(
                client: client, base: base, account: account, token: token, service: service, texts: texts)
        }
    }
}

extension Configuration {
    /// Nil where nobody is called.
    /// - Throws: `ConfigurationReader.Mistakes`.
    func outboundClient(metrics: any MetricsFactory) throws -> OutboundClient? {
        guard messages.mail != nil || messages.sms != nil || google != nil else { return nil }
        return try OutboundClient(configured: outbound, metrics: metrics)
    }
}

extension OutboundClient {
    /// - Throws: `ConfigurationReader.Mistakes`.
    convenience init(configured configuration: OutboundConfiguration, metrics: any MetricsFactory) throws {
        do { try self.init(configuration, metrics: metrics) } catch {
            throw ConfigurationReader.Mistakes(description: error.description)
        }
    }
}
