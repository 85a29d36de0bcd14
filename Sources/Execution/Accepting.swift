// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CLinux
import Glibc

package enum Accepting {
    /// Takes a waiting connection; it never blocks and no other program inherits it (accept4(2)).
    /// - Returns: its descriptor, or -1 with errno set.
    package static func accept(_ listener: Int32, _ peer: inout sockaddr_storage) -> Int32 {
        unsafe unnati_accept(listener, &peer)
    }
}
