// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a customer owes in all; what they have paid ahead when it is negative.
package struct LedgerBalance: Sendable, Equatable {
    package let customer: Customer.ID
    package let balancePaise: Int
    package let lastEntry: LedgerEntry.ID
    /// Where payments settle what was given first: the first day on which something unpaid is due.
    package let oldestDueOn: LedgerDay?

    /// A balance after a change.
    /// - Throws: `LedgerError.tooMuch`: those of many who were merged may add up to more than a number holds.
    static func sum(_ balancePaise: Int, _ changePaise: Int) throws -> Int {
        let (sum, overflow) = balancePaise.addingReportingOverflow(changePaise)
        guard !overflow else { throw LedgerError.tooMuch }
        return sum
    }
}

/// A customer's book in a few numbers, added up from the entries.
package struct LedgerSummary: Sendable, Equatable {
    package let customer: Customer.ID
    /// What they owe; `givenPaise - receivedPaise + adjustedPaise`.
    package let balancePaise: Int
    /// Without what was reversed.
    package let givenPaise: Int, receivedPaise: Int
    /// Either way.
    package let adjustedPaise: Int
    package let entries: Int
    package let lastEntry: LedgerEntry.ID?
    /// As of a ``LedgerBalance``.
    package let oldestDueOn: LedgerDay?
}

/// What all customers of a business owe together.
package struct LedgerTotals: Sendable, Equatable {
    package let owedPaise: Int, customersOwing: Int
    package let advancePaise: Int, customersAhead: Int
}

/// Which customers a list of balances shows: those who have ever had an entry.
package struct LedgerBalanceFilter: Sendable, Equatable {
    /// Spelled the same in the API.
    package enum State: String, Sendable, CaseIterable {
        /// Owes something.
        case owing
        /// Has paid ahead.
        case advance
        /// Neither.
        case settled
    }

    package var state: State?
    package var atLeastPaise: Int?, atMostPaise: Int?

    package init() {}
}

/// Where in a list of balances a customer stands.
package struct LedgerBalancePosition: Sendable, Equatable {
    package let balancePaise: Int, customer: UUIDv7

    package init(of balance: LedgerBalance) {
        (balancePaise, customer) = (balance.balancePaise, balance.customer.uuid)
    }

    init(_ balancePaise: Int, _ customer: UUIDv7) { (self.balancePaise, self.customer) = (balancePaise, customer) }

    /// Where a list begins.
    static func beginning(isDescending: Bool) -> LedgerBalancePosition {
        isDescending ? LedgerBalancePosition(.max, .greatest) : LedgerBalancePosition(.min, .least)
    }

    package var bytes: [UInt8] { CursorBytes.of(Int64(balancePaise), customer) }

    /// Reads ``bytes``; nil for others.
    package init?(bytes: [UInt8]) {
        guard let (number, customer) = CursorBytes.read(bytes) else { return nil }
        self.init(Int(number), customer)
    }
}
