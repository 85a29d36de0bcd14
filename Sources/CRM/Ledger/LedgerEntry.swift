// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

package enum LedgerEntryKind: IdentifierKind { package static var prefix: StaticString { "led" } }

/// Something by which a customer owes more or less: a transaction with the account that it debits and the one that it credits, by the
/// same amount. It is never edited; one that was wrong is reversed by another.
package struct LedgerEntry: Sendable, Equatable {
    /// Says when it was written down, too.
    package typealias ID = Identifier<LedgerEntryKind>

    /// Spelled the same in SQL and JSON.
    package enum Kind: String, Sendable, CaseIterable {
        /// Goods or money on credit: the customer owes more.
        case given
        /// The customer has paid.
        case received
        /// What was owed before there was a book, a discount, what is given up, a mistake put right: either way.
        case adjusted
        /// Takes another one back.
        case reversal
    }

    /// Spelled the same in SQL and JSON.
    package enum Account: String, Sendable, CaseIterable {
        /// What this customer owes.
        case receivable
        case salesOnCredit = "sales_on_credit"
        case cashReceived = "cash_received"
        case adjustments
    }

    /// How somebody has paid. Spelled the same in SQL and JSON.
    package enum Method: String, Sendable, CaseIterable {
        case cash, upi, card, bank, other
    }

    /// Of one entry: a hundred thousand million rupees. Of a customer: a hundred times that.
    package static let maximumPaise = 10_000_000_000_000, maximumBalancePaise = 1_000_000_000_000_000
    package static let maximumTextBytes = 500

    package let id: ID
    package let customer: Customer.ID
    package let kind: Kind
    package let debit: Account, credit: Account
    /// 1 to ``maximumPaise``.
    package let amountPaise: Int
    package let occurredOn: LedgerDay
    /// Until when it is to be paid.
    package let dueOn: LedgerDay?
    package let method: Method?
    package let note: String?
    /// Why it was adjusted or reversed.
    package let reason: String?
    package let reverses: ID?
    package let reversedBy: ID?
    /// `person`, `api_key` or `system`.
    package let actor: String
    package let actorID: UUIDv7?

    /// How much more the customer owes by it; less when negative.
    package var changePaise: Int { debit == .receivable ? amountPaise : -amountPaise }
    package var recordedAt: Instant { id.uuid.instant }
}

/// An entry where it stands in a customer's book.
package struct LedgerLine: Sendable, Equatable {
    package let entry: LedgerEntry
    /// What the customer owed when it had happened.
    package let balancePaise: Int
}

/// Where an entry stands: by the day on which it happened, and of a day by when it was written down.
package struct LedgerPosition: Sendable, Equatable {
    package let day: Int, id: UUIDv7

    package init(of entry: LedgerEntry) { (day, id) = (entry.occurredOn.number, entry.id.uuid) }

    init(day: Int, id: UUIDv7) { (self.day, self.id) = (day, id) }

    /// Behind everything.
    static let end = LedgerPosition(day: .max, id: .greatest)

    package var bytes: [UInt8] { CursorBytes.of(Int64(day), id) }

    /// Reads ``bytes``; nil for others.
    package init?(bytes: [UInt8]) {
        guard let (number, id) = CursorBytes.read(bytes) else { return nil }
        self.init(day: Int(number), id: id)
    }
}

package enum LedgerError: Error, Sendable, Equatable {
    case unknown
    /// It was taken back before.
    case reversedAlready
    /// What takes something back is not taken back itself: it is written down anew.
    case isReversal
    /// The customer would owe, or have paid ahead, more than ``LedgerEntry/maximumBalancePaise``.
    case tooMuch
    /// There is nothing to remind anybody of.
    case nothingOwed
    /// The business has not said to which UPI id money is sent.
    case noUPIAddress
}
