// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What a person is in a business. Spelled the same in SQL and JSON.
package enum Role: String, Sendable, CaseIterable {
    case owner, manager, staff, viewer
    /// Of an owner of a business that was closed: they get in to reopen it and to take its data along. Nobody is given it, and
    /// no row holds it.
    case closed

    /// Those that people are given.
    package static let given: [Role] = [.owner, .manager, .staff, .viewer]

    /// Whether somebody of this role may give `other` to people, and take it from them.
    package func governs(_ other: Role) -> Bool {
        switch self {
        case .owner: other != .closed
        case .manager: other == .staff || other == .viewer
        case .staff, .viewer, .closed: false
        }
    }
}
