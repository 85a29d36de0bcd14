// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

// English, which every other text translates.
extension DefaultNoticeText {
    static let english = DefaultNoticeText(
        title: "Notice about your personal data",
        service: About(
            purpose:
                "You have given us your number or address so that we can serve you. We use it to send you bills, news of your orders and appointments, and reminders of what is due.",
            items:
                "For this we keep your name, your phone number, your WhatsApp and e-mail address, your postal address, what you have ordered and bought, and what is paid and due."
        ),
        marketing: About(
            purpose:
                "We ask for your consent to send you offers, news of our goods and services, and greetings on festivals and on your own special days.",
            items:
                "For this we use your name, your phone number, your WhatsApp and e-mail address, your language, what you have bought from us and, if you have told us, your birthday and anniversary."
        ),
        referral: About(
            purpose:
                "We ask for your consent to invite you to recommend us to people you know, and to tell you of the rewards that you get for it.",
            items:
                "For this we use your name, your phone number, your WhatsApp and e-mail address, your referral code, who came to us through you, and your rewards."
        ),
        withdrawing:
            "You can withdraw your consent and stop these messages at any time, as easily as you agreed: answer any of them with STOP, or tell us. Nothing else changes for you.",
        rights:
            "You can ask us what we keep about you and have it corrected, completed or erased, and you can name somebody who acts for you when you no longer can.",
        complaining:
            "If something is not right, please tell us first. If we do not settle it, you can complain to the Data Protection Board of India.",
        contact: "Contact", atTheShop: "at our shop, or by answering our messages")
}
