// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a business lives from. Spelled the same in SQL and JSON.
package enum Trade: String, Sendable, CaseIterable {
    case tailor, tutor, salon, kirana, restaurant, repair, clinic, artisan, transport, farm, other
}

/// How the assistant writes in a business's name.
package enum Tone: String, Sendable, CaseIterable {
    case warm, formal, playful, plain
}

package enum Weekday: Int, Sendable, CaseIterable {
    case monday = 1
    case tuesday, wednesday, thursday, friday, saturday, sunday

    package var name: String { "\(self)" }

    package init?(_ name: String) {
        guard let day = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = day
    }
}

/// A stretch of a day in which a business is open.
package struct OpeningHours: Sendable, Equatable {
    package let day: Weekday
    /// Minutes since midnight, 0...1 439.
    package let opens: Int
    /// Later than `opens`, 1 440 at most. What goes on past midnight is said of both days.
    package let closes: Int

    package init(day: Weekday, opens: Int, closes: Int) {
        self.day = day
        self.opens = opens
        self.closes = closes
    }
}

/// What a person fills in about a business, each field already valid by itself.
package struct BusinessFields: Sendable, Equatable {
    package static let maximumHours = 28

    package var name: String
    package var trade: Trade?
    package var address: String?
    package var city: String?
    package var state: String?
    package var pinCode: PINCode?
    package var gstin: GSTIN?
    package var languages: [Language] = []
    package var hours: [OpeningHours] = []
    package var upiID: UPIAddress?
    package var tone: Tone?
    /// Staff see the customers alone that they look after.
    package var staffSeeOwnCustomers = false

    package init(name: String) { self.name = name }
}

package struct Business: Sendable {
    package let id: TenantID
    package let fields: BusinessFields
    /// 0 until something has been said.
    package let version: Int
}

package enum BusinessError: Error, Sendable, Equatable {
    /// It has changed since the version the client knows.
    case changed
}
