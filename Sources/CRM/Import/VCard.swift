// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// What an address book's card says of someone, as text; none of it is validated.
package struct VCard: Equatable, Sendable {
    /// Each part empty where the card does not say it.
    package struct Address: Equatable, Sendable {
        /// Post office box, flat, street: what stands above the city, from narrow to wide.
        package var lines: [String] = []
        package var city = ""
        package var state = ""
        package var pinCode = ""
        package var country = ""

        var isEmpty: Bool { self == Address() }
    }

    /// `FN`, else what `N` is made of.
    package var name: String?
    /// The preferred one first, then mobiles; faxes and pagers are left out.
    package var phones: [String] = []
    /// The preferred one first.
    package var emails: [String] = []
    package var address: Address?
    package var organisation: String?
    package var note: String?
    /// As ``PartialDate`` reads it, if it is well.
    package var birthday: String?
    /// As ``PartialDate`` reads it, if it is well.
    package var anniversary: String?
    package var categories: [String] = []
    /// Lines that are no properties and may have held something.
    package var unreadableLines = 0

    package init() {}
}
