// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes

extension Response {
    /// Says where that is which was made, or begun (RFC 9110 §10.2.2).
    func located(at path: String) -> Response {
        var response = self
        response.fields[.location] = path
        return response
    }
}
