// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A code as a mail puts it. (What a text message says is registered with the networks, and stands in the settings.)
package struct CodeMail: Sendable {
    package let subject: String
    package let text: String

    package init(_ message: CodeMessage) {
        let code = message.code.reveal()
        // Not in the subject, which lies open on a locked telephone.
        subject = "Your Unnati code"
        text = """
            Your code is \(code). Type it where you were asked for it, within ten minutes, to \(Self.effect(message.purpose)).

            Nobody from Unnati will ever ask you for it. If you have not asked for a code, do nothing: without it nobody gets in.

            """
    }

    private static func effect(_ purpose: ChallengePurpose) -> String {
        switch purpose {
        case .register: "come in to Unnati"
        case .logIn: "sign in"
        case .resetPassword: "choose a new password"
        case .addIdentity: "sign in with this address from now on"
        case .confirm: "show that it is you"
        }
    }
}
