// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import JSON

/// Members that are columns of the same name, written where they stand.
extension JSONWriter {
    /// A text; NULL is an absent member.
    mutating func text(_ name: StaticString, of row: inout Row) throws {
        if let text = unsafe try row.utf8(name) { unsafe member(name, text.span) }
    }

    mutating func texts(_ name: StaticString, of row: inout Row) throws {
        try member(name) { json in try json.array { json in try row.withTexts(name) { text in json.string(text) } } }
    }
}
