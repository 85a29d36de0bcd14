// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

extension Change {
    /// What a field becomes by a merge patch (RFC 7396): an absent member keeps it, null clears it. What cannot be read is noted and
    /// changes nothing.
    func applied<Field>(
        to field: Field, cleared: Field, noting validation: inout Validation,
        _ read: (Value) throws(FieldError) -> Field
    ) -> Field {
        switch self {
        case .keep: field
        case .clear: cleared
        case .set(let raw): validation.check { () throws(FieldError) in try read(raw) } ?? field
        }
    }
}
