// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Glibc

/// A connection that waits for the next call. libcurl owns it and says when it closes it; until then it may be looked at.
@safe struct KeptConnection {
    let socket: Int32
    private let tls: OpaquePointer?

    init(socket: Int32, tls: OpaquePointer?) {
        self.socket = socket
        unsafe self.tls = tls
    }

    /// Something has come that nobody has asked for, or its end. Over TLS it may have been read from the socket already, behind the
    /// bytes of the answer.
    var hasSpoken: Bool {
        if let tls = unsafe tls, unsafe unnati_tls_has_pending(tls) == 1 { return true }
        var byte: UInt8 = 0
        return unsafe recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) >= 0
    }
}
