// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import COpenSSL
import Glibc

/// Owns one `SSL` over a non-blocking socket. Reading and writing do the handshake on their way.
@safe final class TLSSession {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe SSL_free(pointer) }

    /// Bytes that are decrypted already, for which the socket will not become readable again.
    var hasMore: Bool { unsafe SSL_pending(pointer) > 0 }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Channel.Outcome {
        ERR_clear_error()
        return outcome(unsafe SSL_read(pointer, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Channel.Outcome {
        ERR_clear_error()
        return outcome(unsafe SSL_write(pointer, bytes.baseAddress, Int32(clamping: bytes.count)))
    }

    /// Tells the peer that nothing more comes (RFC 8446 §6.1), as far as the socket takes it now.
    func sayGoodbye() {
        ERR_clear_error()
        if unsafe SSL_is_init_finished(pointer) == 1 { _ = unsafe SSL_shutdown(pointer) }
    }

    private func outcome(_ result: Int32) -> Channel.Outcome {
        guard result <= 0 else { return .moved(Int(result)) }
        switch unsafe SSL_get_error(pointer, result) {
        case SSL_ERROR_WANT_READ: return .wantsReading
        case SSL_ERROR_WANT_WRITE: return .wantsWriting
        case SSL_ERROR_ZERO_RETURN: return .ended
        default: return .failed
        }
    }
}
