// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum ConsentNoticeKind: IdentifierKind { package static var prefix: StaticString { "ntc" } }

/// What a business tells its customers of what it does with their data, before they agree (DPDP Act 2023, s. 5; DPDP Rules 2025,
/// rule 3). It never changes: another text is another version.
package struct ConsentNotice: Sendable, Equatable {
    package typealias ID = Identifier<ConsentNoticeKind>

    /// What it says in one language.
    package struct Wording: Sendable, Equatable {
        package let language: Language
        package let text: String

        package init(language: Language, text: String) {
            self.language = language
            self.text = text
        }
    }

    /// Every version is written in these at least.
    package static let neededLanguages: [Language] = [.english, .hindi]
    /// Of one purpose.
    package static let maximumVersions = 100
    package static let maximumTextBytes = 5_000

    package let id: ID
    package let purpose: ConsentPurpose
    /// Counts from 1 for each purpose; 0 is the one that comes with the server.
    package let version: Int
    package let languages: [Language]
    /// In these languages; none in a list.
    package let wordings: [Wording]
    /// Whether it is the newest of its purpose: the one to show.
    package let isCurrent: Bool
    /// `person`, `api_key` or `system`; nil for version 0.
    package let actor: String?
    package let actorID: UUIDv7?

    /// Nil for version 0.
    package var publishedAt: Instant? { version > 0 ? id.uuid.instant : nil }
}

package enum ConsentNoticeError: Error, Sendable, Equatable {
    case unknown
    /// As many versions of one purpose as there may be.
    case tooMany
}
