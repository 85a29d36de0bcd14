// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum SegmentKind: IdentifierKind { package static var prefix: StaticString { "seg" } }

/// Customers of a kind that a business has given a name. Who they are is found anew whenever it is asked.
package struct Segment: Sendable {
    package typealias ID = Identifier<SegmentKind>

    package static let maximumPerBusiness = 100, maximumNameBytes = 100

    package let id: ID
    /// No two of a business have the same.
    package var name: String
    package var filter: SegmentFilter
    /// Grows with every change.
    package let version: Int
    package let createdAt: Instant
    package let updatedAt: Instant

    package static func name(_ text: String, at pointer: String = "/name") throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNameBytes).value
    }
}

package enum SegmentError: Error, Sendable, Equatable {
    case unknown
    /// Another of the business has the name.
    case nameTaken
    case tooMany
    /// Somebody has changed it since.
    case changed
    /// Finding its customers takes longer than anybody is kept waiting.
    case tooSlow
}
