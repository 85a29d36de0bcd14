// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which interactions a timeline shows.
package struct InteractionFilter: Sendable, Equatable {
    /// Any of these; all when empty.
    package var kinds: [Interaction.Kind] = []
    /// Whoever has written them down: a person or an API key.
    package var actor: UUIDv7?
    package var occurredAtLeast: Instant?, occurredAtMost: Instant?

    package init() {}

    /// PostgreSQL keeps a plan for what is asked all the time, and not for every combination there may be.
    var isCommon: Bool { actor == nil && occurredAtLeast == nil && occurredAtMost == nil }
}

/// Where in a timeline an interaction stands: when it happened, and which it is.
package struct InteractionPosition: Sendable, Equatable {
    package let occurredAt: Instant, id: Interaction.ID

    package init(_ interaction: Interaction) {
        occurredAt = interaction.content.occurredAt
        id = interaction.id
    }

    private init(occurredAt: Instant, id: Interaction.ID) {
        self.occurredAt = occurredAt
        self.id = id
    }

    /// Before everything: nothing happens after the year 9999.
    static let beginning = InteractionPosition(
        occurredAt: Instant(microseconds: 253_402_300_799_999_999), id: Interaction.ID(.greatest))

    package var bytes: [UInt8] { CursorBytes.of(occurredAt.microseconds, id.uuid) }

    /// Reads ``bytes``; nil for anything else.
    package init?(bytes: [UInt8]) {
        guard let (number, uuid) = CursorBytes.read(bytes) else { return nil }
        self.init(occurredAt: Instant(microseconds: number), id: Interaction.ID(uuid))
    }
}
