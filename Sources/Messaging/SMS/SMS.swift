// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A text message. Networks of India deliver only texts that were registered with them (TRAI's DLT), so a message is a
/// template and what stands in its gaps.
package struct SMS: Sendable {
    package let to: PhoneNumber
    package let template: SMSTemplate
    /// The gap's name in the template, and what is to stand there.
    package let values: [(name: String, value: Secret<String>)]

    package init(to: PhoneNumber, _ template: SMSTemplate, _ values: [(name: String, value: Secret<String>)]) {
        self.to = to
        self.template = template
        self.values = values
    }
}

/// What a text message says. Each is registered by whoever runs a deployment, who names it in the settings.
package enum SMSTemplate: String, Sendable, CaseIterable {
    /// One gap, `code`.
    case code
}

/// Hands text messages in with a provider.
package protocol SMSSender: Sendable {
    /// - Returns: what the provider calls it, for its delivery reports.
    /// - Throws: ``SendFailure``, `CancellationError`.
    func send(_ sms: SMS) async throws -> String
}

/// Why a message was not handed in. Never quotes the message.
package enum SendFailure: Error, Sendable, Equatable {
    /// Another attempt may do, after so long where the provider has said.
    case passing(after: Duration?, reason: String)
    /// The provider will refuse it again.
    case final(reason: String)
}
