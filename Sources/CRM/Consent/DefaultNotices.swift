// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Notices for a business that has not written its own yet: version 0 of each purpose. They say what DPDP Rules 2025, rule 3 asks for:
/// for what, with which data item by item, how to take consent back, which rights there are, how to complain, and whom to turn to.
///
/// Their texts never change, since people have agreed to them: the ledger keeps their version and language alone.
package enum DefaultNotices {
    /// What stands in their gaps.
    package struct Business: Sendable {
        let name: String
        /// Street, city and so on, as far as they are known.
        let place: [String]

        package init(name: String, place: [String]) {
            self.name = name
            self.place = place
        }
    }

    struct Standard: Sendable {
        let id: ConsentNotice.ID
        let purpose: ConsentPurpose

        /// - Parameter business: whose texts are wanted; without it there are none.
        func notice(isCurrent: Bool, of business: Business? = nil) -> ConsentNotice {
            let wordings = business.map { business in
                DefaultNotices.languages.compactMap { language in
                    DefaultNotices.text(for: purpose, in: language, of: business).map {
                        ConsentNotice.Wording(language: language, text: $0)
                    }
                }
            }
            return ConsentNotice(
                id: id, purpose: purpose, version: 0, languages: DefaultNotices.languages, wordings: wordings ?? [],
                isCurrent: isCurrent, actor: nil, actorID: nil)
        }
    }

    /// The same everywhere, and older than all others.
    static func id(of purpose: ConsentPurpose) -> ConsentNotice.ID {
        let number: UInt64 =
            switch purpose {
            case .service: 3
            case .marketing: 2
            case .referral: 1
            }
        return ConsentNotice.ID(UUIDv7(high: 0x7000, low: 0x8000_0000_0000_0000 | number))
    }

    /// As a list has them: from the greatest id to the least.
    static let all = ConsentPurpose.allCases.map { Standard(id: id(of: $0), purpose: $0) }

    private static let texts: [Language: DefaultNoticeText] = [
        .english: .english, .hindi: .hindi, .bengali: .bengali, .telugu: .telugu, .marathi: .marathi, .tamil: .tamil,
        .gujarati: .gujarati, .kannada: .kannada,
    ]

    package static let languages = Language.allCases.filter { texts[$0] != nil }

    /// Nil where there is none in this language.
    package static func text(for purpose: ConsentPurpose, in language: Language, of business: Business) -> String? {
        guard let text = texts[language] else { return nil }
        let about =
            switch purpose {
            case .service: text.service
            case .marketing: text.marketing
            case .referral: text.referral
            }
        let place = business.place.isEmpty ? text.atTheShop : business.place.joined(separator: ", ")
        return [
            "\(business.name): \(text.title)", about.purpose, about.items, text.withdrawing, text.rights,
            text.complaining, "\(text.contact): \(business.name), \(place)",
        ].joined(separator: "\n")
    }
}

/// The parts of the notices in one language. The business's name stands at a beginning, where no grammar bends it.
struct DefaultNoticeText: Sendable {
    /// For what, and with which data.
    struct About: Sendable { let purpose: String, items: String }

    let title: String
    let service: About, marketing: About, referral: About
    let withdrawing: String, rights: String, complaining: String
    let contact: String
    /// Where to turn to while the business has told no address.
    let atTheShop: String
}
