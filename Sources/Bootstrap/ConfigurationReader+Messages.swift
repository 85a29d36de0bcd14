// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import CRM
import Core
import HTTPMessage
import HTTPOutbound
import Messaging

// How messages leave: mail, text messages, and how others are called at all.
extension ConfigurationReader {
    /// How mail is handed in.
    /// - Throws: ``Mistakes``, also when nothing is said about mail.
    package mutating func mail() throws -> (MailSettings, OutboundConfiguration) {
        let outbound = outbound(), settings = mailSettings(isRequired: true)
        try finish()
        guard let settings else { throw Mistakes(description: "MAIL_URL is missing.") }
        return (settings, outbound)
    }

    /// What is said; mistakes are noted.
    mutating func messages() throws -> MessageSettings {
        var settings = MessageSettings()
        settings.mail = mailSettings(isRequired: false)
        settings.sms = smsSettings()
        readList("SMS_COUNTRIES", "a country code such as 91", into: &settings.countries) { text in
            (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) } ? text : nil
        }
        return settings
    }

    /// When messages that advertise may go out, in India: `10:00-21:00`.
    mutating func promotionHours() -> PromotionHours {
        var hours = PromotionHours()
        read("PROMOTION_HOURS", within: hours.smsAndCalls, into: &hours.smsAndCalls)
        read("PROMOTION_HOURS_WHATSAPP", into: &hours.whatsApp)
        return hours
    }

    /// - Parameter widest: what the law allows, where it says something.
    private mutating func read(_ name: String, within widest: SendingHours? = nil, into hours: inout SendingHours) {
        guard let text = given(name) else { return }
        guard let read = SendingHours(text) else {
            mistakes.append("\(name) is \(text); use hours of a day in India such as \(hours).")
            return
        }
        if let widest, read.opens < widest.opens || read.closes > widest.closes {
            mistakes.append("\(name) is \(text); by law these messages go out within \(widest) alone.")
            return
        }
        hours = read
    }

    mutating func outbound() -> OutboundConfiguration {
        var outbound = OutboundConfiguration()
        if let file = text("OUTBOUND_CA_FILE"), !file.isEmpty { outbound.authorities = file }
        read("OUTBOUND_CALLS", 1...100_000, into: &outbound.callsInFlight)
        readList("OUTBOUND_ALLOWED_NETWORKS", "a network such as 10.0.0.0/8", into: &outbound.guardian.allowed) {
            NetworkRange($0)
        }
        return outbound
    }

    // MARK: - Mail

    private mutating func mailSettings(isRequired: Bool) -> MailSettings? {
        let user = text("MAIL_USER") ?? "", password = optionalSecret("MAIL_PASSWORD")
        var credential: Secret<(user: String, password: String)>?
        switch (user.isEmpty, password) {
        case (false, let password?): credential = Secret((user, password.reveal()))
        case (true, nil): break
        default: mistakes.append("MAIL_USER and MAIL_PASSWORD go together: give both, or neither.")
        }
        let example = "smtp://mail.example.in:587"
        let url = given("MAIL_URL"), address = given("MAIL_FROM")
        guard isRequired || url != nil || address != nil else { return nil }
        if url == nil { mistakes.append("MAIL_URL is missing. Set it to something like \(example).") }
        if address == nil { mistakes.append("MAIL_FROM is missing. Set it to something like shop@example.in.") }
        guard let url, let address else { return nil }
        let server = (try? OutboundURL.configured(url)).flatMap { MailServer($0, credential: credential) }
        if server == nil {
            mistakes.append(
                "MAIL_URL is not an address such as \(example) or smtps://mail.example.in:465. User and password go into MAIL_USER and MAIL_PASSWORD."
            )
        }
        let sender = EmailAddress(address)
        if sender == nil { mistakes.append("MAIL_FROM is \(address); use an address such as shop@example.in.") }
        let name = text("MAIL_FROM_NAME")
        if let name, (try? Text(name, at: "", maximumBytes: 200)) == nil {
            mistakes.append("MAIL_FROM_NAME must be one line of at most 200 bytes.")
        }
        guard let server, let sender else { return nil }
        return MailSettings(server: server, sender: MailMessage.Mailbox(name: name, sender))
    }

    // MARK: - Text messages

    private enum SMSProvider: String, CaseIterable { case none, msg91, twilio }

    private mutating func smsSettings() -> SMSSettings? {
        var provider = SMSProvider.none
        read("SMS_PROVIDER", into: &provider)
        switch provider {
        case .none: return nil
        case .msg91:
            let base = base("MSG91_URL", "https://control.msg91.com")
            let key = required(optionalSecret("MSG91_AUTH_KEY"), "MSG91_AUTH_KEY", "the account's authkey")
            let template = required(
                given("MSG91_TEMPLATE_CODE"), "MSG91_TEMPLATE_CODE", "MSG91's id of the template with the gap ##code##")
            guard let base, let key, let template else { return nil }
            return .msg91(base: base, key: key, templates: [.code: template])
        case .twilio:
            let base = base("TWILIO_URL", "https://api.twilio.com")
            let account = required(given("TWILIO_ACCOUNT"), "TWILIO_ACCOUNT", "the account's SID, AC…")
            let token = required(optionalSecret("TWILIO_TOKEN"), "TWILIO_TOKEN", "the account's auth token")
            let service = required(given("TWILIO_SERVICE"), "TWILIO_SERVICE", "the messaging service's SID, MG…")
            let text = required(
                given("TWILIO_TEXT_CODE"), "TWILIO_TEXT_CODE", "the registered text, with {code} where the code stands")
            if let text, !text.contains("{code}") {
                mistakes.append("TWILIO_TEXT_CODE does not say where the code stands: write {code} there.")
            }
            guard let base, let account, let token, let service, let text else { return nil }
            return .twilio(base: base, account: account, token: token, service: service, texts: [.code: text])
        }
    }

    // MARK: - Google

    /// Nil where nothing is said about it.
    mutating func google() -> OpenIDSettings? {
        let id = given("GOOGLE_CLIENT_ID"), secret = optionalSecret("GOOGLE_CLIENT_SECRET"),
            redirect = given("GOOGLE_REDIRECT_URI")
        guard id != nil || secret != nil || redirect != nil else { return nil }
        let issuer = base("GOOGLE_ISSUER", "https://accounts.google.com")
        let checked = required(
            redirect, "GOOGLE_REDIRECT_URI", "the address registered there that browsers come back to")
        if let checked, (try? OutboundURL.configured(checked)) == nil {
            mistakes.append(
                "GOOGLE_REDIRECT_URI is \(checked); use an address such as https://app.example.in/sign-in/google.")
        }
        guard let issuer, let id = required(id, "GOOGLE_CLIENT_ID", "the client's id, ….apps.googleusercontent.com"),
            let secret = required(secret, "GOOGLE_CLIENT_SECRET", "the client's secret"), let checked
        else { return nil }
        return OpenIDSettings(issuer: issuer, clientID: id, clientSecret: secret, redirectURI: checked)
    }

    /// Scheme, host and port; nil and a noted mistake for anything else.
    private mutating func base(_ name: String, _ standard: String) -> String? {
        let text = given(name) ?? standard
        guard !text.hasSuffix("/"), (try? OutboundURL.configured(text)) != nil else {
            mistakes.append("\(name) is \(text); use an address such as \(standard), without a slash at the end.")
            return nil
        }
        return text
    }

    private mutating func required<Value>(_ value: Value?, _ name: String, _ what: String) -> Value? {
        if value == nil { mistakes.append("\(name) is missing: \(what).") }
        return value
    }

    /// Nil for an empty one too.
    private func given(_ name: String) -> String? { text(name).flatMap { $0.isEmpty ? nil : $0 } }
}
