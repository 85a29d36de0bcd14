// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPOutbound
import HTTPTypes
import JSON

/// MSG91's flow API, version 5 (MSG91 help, "Send SMS via Flow"). Its templates hold the ids and the text that were registered.
package struct MSG91: SMSSender {
    private static let peer = OutboundPeer("msg91")
    private let client: OutboundClient
    private let url: OutboundURL
    private let key: Secret<String>
    /// MSG91's own ids of our templates.
    private let templates: [SMSTemplate: String]

    /// - Parameter base: `https://control.msg91.com`, without a path behind it.
    /// - Throws: `OutboundURL.Invalid`.
    package init(client: OutboundClient, base: String, key: Secret<String>, templates: [SMSTemplate: String])
        throws(OutboundURL.Invalid)
    {
        self.client = client
        url = try OutboundURL.configured(base + "/api/v5/flow")
        self.key = key
        self.templates = templates
    }

    package func send(_ sms: SMS) async throws -> String {
        guard let template = templates[sms.template] else {
            throw SendFailure.final(reason: "There is no template for it in the settings.")
        }
        var request = OutboundRequest(.post, url)
        try request.set(.contentType, "application/json")
        try request.set(Self.authKey, key.reveal())
        request.body = .bytes(Self.body(template, sms))
        // Nobody waits longer for a code, and sending it twice does no harm but cost.
        request.limits.total = .seconds(15)
        let response = try await client.send(request, to: Self.peer)
        return try Self.read(response)
    }

    private static let authKey = HTTPField.Name("authkey") ?? .authorization

    private static func body(_ template: String, _ sms: SMS) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("template_id", template)
            json.member("recipients") { json in
                json.array { json in
                    json.object { json in
                        // Country code and number, without a plus.
                        json.member("mobiles", String(sms.to.e164.dropFirst()))
                        for (name, value) in sms.values { json.member(dynamic: name, value.reveal()) }
                    }
                }
            }
        }
        return json.bytes
    }

    /// A failure may come with status 200: what counts is `type`.
    private static func read(_ response: OutboundResponse) throws(SendFailure) -> String {
        guard response.status != 429, response.status < 500 else {
            throw .passing(after: response.head.retryAfter, reason: "MSG91 answered \(response.status).")
        }
        guard let answer = try? JSONReader.parse(response.body), let type = answer["type"]?.text else {
            throw .passing(after: nil, reason: "MSG91 answered \(response.status) and nothing that can be read.")
        }
        guard type == "success", let id = answer["message"]?.text, (200..<300).contains(response.status) else {
            throw .final(reason: "MSG91 refused it with status \(response.status).")
        }
        return id
    }
}
