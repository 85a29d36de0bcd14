// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import COpenSSL
import Core

package struct TLSConfiguration: Sendable {
    /// `TLS_CERTIFICATE`: a PEM file, the server's certificate first, then the chain up to the root.
    package var certificate: String
    /// `TLS_KEY`: a PEM file with its private key.
    package var key: String
    /// `TLS_CLIENT_CA`: a PEM file of authorities. With it, only clients with a certificate of theirs get in.
    package var clientAuthorities: String?

    package init(certificate: String, key: String, clientAuthorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }
}

/// What new connections are encrypted with. It can be replaced while connections live: each keeps what it began with.
final class TLSContext: Sendable {
    /// Owns one `SSL_CTX`; connections hold it by a count of OpenSSL's own.
    @safe private final class Handle: @unchecked Sendable {  // Guard: OpenSSL locks what connections share.
        let pointer: OpaquePointer

        init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

        deinit { unsafe SSL_CTX_free(pointer) }
    }

    private let configuration: TLSConfiguration
    private let current: Lock<Handle>

    /// - Throws: ``HTTPServer/ListenFailure`` when a file cannot be used.
    init(_ configuration: TLSConfiguration) throws {
        self.configuration = configuration
        current = Lock(try Self.load(configuration))
    }

    /// Reads the files again, for connections from now on. What cannot be used changes nothing.
    /// - Throws: as the initialiser.
    func reload() throws {
        let handle = try Self.load(configuration)
        current.with { $0 = handle }
    }

    /// - Returns: nil when there is no memory for one more.
    func session(on descriptor: Int32) -> TLSSession? {
        let handle = current.with { $0 }
        guard let pointer = unsafe SSL_new(handle.pointer) else { return nil }
        let session = unsafe TLSSession(owning: pointer)
        guard unsafe SSL_set_fd(pointer, descriptor) == 1 else { return nil }
        unsafe SSL_set_accept_state(pointer)
        return session
    }

    private static func load(_ configuration: TLSConfiguration) throws -> Handle {
        guard let pointer = unsafe SSL_CTX_new(TLS_server_method()) else { throw failure("TLS cannot be set up") }
        let handle = unsafe Handle(owning: pointer)
        ERR_clear_error()
        guard unsafe unnati_tls_harden(pointer) == 1, unsafe SSL_CTX_set_cipher_list(pointer, ciphers) == 1 else {
            throw failure("TLS cannot be set up")
        }
        // One ticket is enough for a client that comes again (RFC 8446 §4.6.1).
        unsafe SSL_CTX_set_num_tickets(pointer, 1)
        unsafe SSL_CTX_set_alpn_select_cb(pointer, selectProtocol, nil)
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, configuration.certificate) == 1 else {
            throw failure("TLS_CERTIFICATE, \(configuration.certificate), cannot be used")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, configuration.key, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(pointer) == 1
        else {
            throw failure("TLS_KEY, \(configuration.key), cannot be used with the certificate")
        }
        if let authorities = configuration.clientAuthorities {
            guard unsafe SSL_CTX_load_verify_locations(pointer, authorities, nil) == 1 else {
                throw failure("TLS_CLIENT_CA, \(authorities), cannot be used")
            }
            unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            // Sessions are resumed only where the same authorities vouched.
            unsafe SSL_CTX_set_session_id_context(pointer, Array("unnati".utf8), 6)
        }
        return handle
    }

    /// Forward secret and authenticated, nothing else (RFC 9325 §4.2). TLS 1.3 has only such.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    private static func failure(_ what: String) -> HTTPServer.ListenFailure {
        var reason = ""
        if case let code = ERR_get_error(), code != 0 {
            reason = ": \(unsafe String(cString: ERR_reason_error_string(code)))"
        }
        return HTTPServer.ListenFailure(description: what + reason + ".")
    }
}

/// ALPN (RFC 7301): HTTP/1.1 or nothing. A client that offers protocols without it is refused, so that no bytes of one
/// protocol are ever read as another (the ALPACA attack).
private func selectProtocol(
    _ session: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    var index = 0
    let count = Int(offeredLength)
    while let offered = unsafe offered, index < count {
        let length = unsafe Int(offered[index])
        guard index + 1 + length <= count else { break }
        let name = unsafe UnsafeBufferPointer(start: offered + index + 1, count: length)
        if unsafe name.elementsEqual("http/1.1".utf8) {
            unsafe chosen?.pointee = name.baseAddress
            unsafe chosenLength?.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        index += 1 + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
