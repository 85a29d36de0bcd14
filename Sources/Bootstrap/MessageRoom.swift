// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPOutbound
import Jobs
import Logging
import Messaging
import Metrics

/// Whatever leaves for people: each kind of message to whoever hands it on.
struct MessageRoom: Sendable {
    /// Nil where nothing leaves.
    private let client: OutboundClient?
    private let sms: (any SMSSender)?
    private let mail: MailSender?
    private let logger: Logger

    /// - Throws: `ConfigurationReader.Mistakes`, `OutboundURL.Invalid`.
    init(_ settings: MessageSettings, metrics: any MetricsFactory, logger: Logger) throws {
        self.logger = logger
        guard settings.mail != nil || settings.sms != nil else {
            (client, sms, mail) = (nil, nil, nil)
            return
        }
        let client = try OutboundClient(configured: settings.outbound, metrics: metrics)
        sms = try settings.sms?.sender(client)
        mail = settings.mail.map { MailSender(client: client, server: $0.server, sender: $0.sender) }
        self.client = client
    }

    /// - Throws: `JobFailure`, `OutboundError`, `CancellationError`.
    func deliver(_ message: CodeMessage) async throws {
        do {
            switch message.to {
            case .phone(let phone):
                guard let sms else { throw SendFailure.final(reason: "SMS_PROVIDER is not set here.") }
                _ = try await sms.send(SMS(to: phone, .code, [("code", message.code)]))
            case .email(let email):
                guard let mail else { throw SendFailure.final(reason: "MAIL_URL is not set here.") }
                let words = CodeMail(message)
                try await mail.send(id: message.id.uuid, to: email, subject: words.subject, text: words.text)
            }
        } catch let failure as SendFailure {
            switch failure {
            case .passing(let pause, let reason):
                throw JobFailure.retry(after: pause ?? .seconds(15), reason: reason)
            case .final(let reason):
                // Nobody can do anything about it later: a code is for minutes.
                logger.warning("a code was not sent", metadata: ["reason": "\(reason)", "kind": "\(message.to.kind)"])
            }
        }
    }

    func close() { client?.close() }
}

extension MessageSettings {
    /// Kinds of identities that can be sent to.
    var reachable: Set<String> { Set((sms == nil ? [] : ["phone"]) + (mail == nil ? [] : ["email"])) }
}
