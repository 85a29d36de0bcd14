// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum PipelineKind: IdentifierKind { package static var prefix: StaticString { "pip" } }
package enum PipelineStageKind: IdentifierKind { package static var prefix: StaticString { "stg" } }

/// A way that orders go, from an enquiry to their end: a board, and its stages are the columns.
package struct Pipeline: Sendable, Equatable {
    package typealias ID = Identifier<PipelineKind>

    package struct Stage: Sendable, Equatable {
        package typealias ID = Identifier<PipelineStageKind>

        /// What being there means. Spelled the same in SQL and JSON.
        package enum Kind: String, Sendable, CaseIterable {
            case open, won, lost
        }

        package let id: ID
        package var name: String
        package let kind: Kind

        package init(id: ID, name: String, kind: Kind) {
            self.id = id
            self.name = name
            self.kind = kind
        }
    }

    package static let maximumPerBusiness = 20, maximumStages = 20, maximumNameBytes = 100

    package let id: ID
    package var name: String
    /// The key of the ready one that it was made from.
    package let template: String?
    /// Where it stands among the others.
    package var position: Int
    /// In order.
    package var stages: [Stage]
    /// Grows with every change.
    package let version: Int

    package static func name(_ text: String, at pointer: String) throws(FieldError) -> String {
        try Text(text, at: pointer, maximumBytes: maximumNameBytes).value
    }
}

package enum PipelineError: Error, Sendable, Equatable {
    case unknown
    /// Of no pipeline of the business, or not of the one that was named.
    case stageUnknown
    /// Somebody has changed it since.
    case changed
    case tooMany
    /// There are still deals in it.
    case notEmpty
    /// There are still deals in a stage that is to go, and nobody has said where they are to go.
    case stageNotEmpty(Pipeline.Stage.ID)
    /// More deals than are moved at once.
    case tooManyDeals(Pipeline.Stage.ID)
}
