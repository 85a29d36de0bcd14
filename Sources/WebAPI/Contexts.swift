// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage

/// The caller is a person who has signed in.
package struct PersonContext: RouteContext {
    package enum Access: Sendable, CustomStringConvertible {
        /// Anybody who has signed in: it concerns nobody but themselves.
        case person
        case permission(Permission)

        package var description: String {
            switch self {
            case .person: "person"
            case .permission(let permission): permission.rawValue
            }
        }

        func isGranted(to person: Caller.Person) -> Bool {
            switch self {
            case .person: true
            case .permission(let permission): person.role.may(permission)
            }
        }
    }

    package let person: Caller.Person
    package var caller: Caller { .person(person) }
}

/// The caller has proved in which business they work: a person, or a program by its key.
package struct TenantContext: RouteContext {
    package typealias Access = Permission

    package let caller: Caller
}
