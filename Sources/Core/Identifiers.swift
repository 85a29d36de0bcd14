// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What an identifier names. The prefix keeps keys of different kinds from being mixed up.
package protocol IdentifierKind {
    /// Three letters, as in `cus_018f3c5e…`.
    static var prefix: StaticString { get }
}

/// A typed identifier: UUIDv7 in storage, `prefix_` and 32 hexadecimal digits in the API.
package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let uuid: UUIDv7

    package init(_ uuid: UUIDv7) { self.uuid = uuid }

    package static func next() -> Self { Self(.next()) }

    /// Reads the API's spelling exactly; nil otherwise.
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix("\(Kind.prefix)_"), text.utf8.count == Kind.prefix.utf8CodeUnitCount + 33,
            let uuid = UUIDv7(hex: text.suffix(32))
        else {
            return nil
        }
        self.uuid = uuid
    }

    package var description: String { "\(Kind.prefix)_\(uuid.hex)" }

    package static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

package enum TenantKind: IdentifierKind { package static var prefix: StaticString { "ten" } }
package enum UserKind: IdentifierKind { package static var prefix: StaticString { "usr" } }
package enum SessionKind: IdentifierKind { package static var prefix: StaticString { "ses" } }

package enum APIKeyKind: IdentifierKind { package static var prefix: StaticString { "key" } }

/// One business.
package typealias TenantID = Identifier<TenantKind>
/// One person who signs in.
package typealias UserID = Identifier<UserKind>
/// One sign-in of one person on one device.
package typealias SessionID = Identifier<SessionKind>
/// One key by which programs of a business come in.
package typealias APIKeyID = Identifier<APIKeyKind>
