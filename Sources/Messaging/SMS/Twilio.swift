// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPOutbound
import HTTPTypes
import JSON

/// Twilio's Messages resource, version 2010-04-01 (Twilio API reference). The text is ours and must be the registered one,
/// letter by letter; the messaging service holds the registered header.
package struct Twilio: SMSSender {
    private static let peer = OutboundPeer("twilio")
    private let client: OutboundClient
    private let url: OutboundURL
    private let credential: Secret<String>
    private let service: String
    /// The registered texts, with gaps such as `{code}`.
    private let texts: [SMSTemplate: String]

    /// - Parameters:
    ///   - base: `https://api.twilio.com`, without a path behind it.
    ///   - service: `MG` and 32 hexadecimal digits.
    /// - Throws: `OutboundURL.Invalid`.
    package init(
        client: OutboundClient, base: String, account: String, token: Secret<String>, service: String,
        texts: [SMSTemplate: String]
    ) throws(OutboundURL.Invalid) {
        self.client = client
        url = try OutboundURL.configured("\(base)/2010-04-01/Accounts/\(account)/Messages.json")
        credential = Secret("Basic " + Base64.standard.encode("\(account):\(token.reveal())".utf8))
        self.service = service
        self.texts = texts
    }

    package func send(_ sms: SMS) async throws -> String {
        guard let text = texts[sms.template] else {
            throw SendFailure.final(reason: "There is no text for it in the settings.")
        }
        let body = sms.values.reduce(text) { $0.replacing("{\($1.name)}", with: $1.value.reveal()) }
        var request = OutboundRequest(.post, url)
        try request.set(.authorization, credential.reveal())
        request.setForm([("To", sms.to.e164), ("MessagingServiceSid", service), ("Body", body)])
        request.limits.total = .seconds(15)
        return try Self.read(try await client.send(request, to: Self.peer))
    }

    private static func read(_ response: OutboundResponse) throws(SendFailure) -> String {
        switch response.status {
        case 201:
            guard let id = (try? JSONReader.parse(response.body))?["sid"]?.text else {
                throw .passing(after: nil, reason: "Twilio answered 201 and nothing that can be read.")
            }
            return id
        case 429, 500...:
            throw .passing(after: response.head.retryAfter, reason: "Twilio answered \(response.status).")
        default: throw .final(reason: "Twilio refused it with status \(response.status).")
        }
    }
}
