// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// The customer whom something that stands beside the book is about.
enum CustomerLink {
    /// Looks for the customer where that is asked for: when it is another than before, and when the caller sees the thing by its
    /// customer alone.
    /// - Parameters:
    ///   - old: whom it was about until now.
    ///   - isSeenAnyway: whether the caller sees it whomever it is about.
    /// - Returns: who they turned out to be, and whether they were looked for and seen.
    /// - Throws: `CustomerError.unknown`.
    static func checked(
        _ id: Customer.ID?, from old: Customer.ID?, isSeenAnyway: Bool, visibleTo user: UserID?,
        in tx: borrowing TenantTransaction
    ) throws -> (id: Customer.ID?, isSeen: Bool) {
        guard let id, id != old || !isSeenAnyway else { return (id, false) }
        let customer = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: user))
        guard customer != nil || id == old else { throw CustomerError.unknown }
        return (customer?.id ?? id, customer != nil)
    }
}
