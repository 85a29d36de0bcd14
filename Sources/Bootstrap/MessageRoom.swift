// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPOutbound
import Jobs
import Logging
import Messaging

/// Whatever leaves for people: each kind of message to whoever hands it on.
struct MessageRoom: Sendable {
    private let sms: (any SMSSender)?
    private let mail: MailSender?
    private let logger: Logger

    /// - Parameter client: nil where nothing leaves.
    /// - Throws: `OutboundURL.Invalid`.
    init(_ settings: MessageSettings, client: OutboundClient?, logger: Logger) throws {
        self.logger = logger
        guard let client else {
            (sms, mail) = (nil, nil)
            return
        }
        sms = try settings.sms?.sender(client)
        mail = settings.mail.map { MailSender(client: client, server: $0.server, sender: $0.sender) }
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
}

extension MessageSettings {
    /// Kinds of identities that can be sent to.
    var reachable: Set<String> { Set((sms == nil ? [] : ["phone"]) + (mail == nil ? [] : ["email"])) }
}
