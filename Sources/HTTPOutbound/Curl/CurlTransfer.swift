// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CCurl
import Core
import Execution
import Glibc
import HTTPTypes

/// One transfer, on the loop: owns libcurl's handle and answers its questions.
@safe final class CurlTransfer {
    let easy: UnsafeMutableRawPointer
    let order: CurlOrder
    private let exchange: Exchange
    private let guardian: AddressGuard
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    private let reason: UnsafeMutablePointer<CChar>
    private var isClosed = false

    private var head = HeadLines()
    private var receivedBytes = 0
    private var sentBytes = 0
    private var hasSentBody = false
    /// OpenSSL's end of the connection, as long as that is kept; nil for one in the clear.
    private var tls: OpaquePointer?
    /// Why we ended it ourselves.
    private var objection: OutboundError?
    /// An SMTP server's last "no". Its goodbye comes behind it.
    private var refusal = ""

    /// Nil when libcurl has no memory left.
    init?(_ order: CurlOrder, addresses: [NetworkAddress], _ exchange: Exchange, _ settings: CurlSettings) {
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.easy = easy
        self.order = order
        self.exchange = exchange
        guardian = settings.guardian
        unsafe reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure(settings)
        configureAddress(addresses)
        configureTime()
        configureCallbacks()
        switch order.kind {
        case .http(let method, let lines): configureHTTP(method, lines)
        case .smtp(let sender, let recipients, let credential): configureSMTP(sender, recipients, credential)
        }
    }

    deinit { close() }

    /// Lets go of libcurl's handle, once no pool has it: on the loop, whoever else still holds this.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe curl_easy_cleanup(easy)
        while let list = unsafe lists.popLast() { unsafe curl_slist_free_all(list) }
        unsafe reason.deallocate()
    }

    // MARK: - Options

    private func set(_ option: CURLoption, _ number: Int) { unsafe _ = unnati_curl_number(easy, option, number) }
    private func set(_ option: CURLoption, _ text: String) { unsafe _ = unnati_curl_text(easy, option, text) }

    private func set(_ option: CURLoption, lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = curl_slist_append(list, line) }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        unsafe _ = unnati_curl_pointer(easy, option, UnsafeMutableRawPointer(list))
    }

    /// Nothing from the environment, nothing from files of the machine's users, nothing that leads elsewhere.
    private func configure(_ settings: CurlSettings) {
        set(CURLOPT_URL, order.url.text)
        set(CURLOPT_PROTOCOLS_STR, order.url.scheme)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // Of TLS 1.2 what keeps past connections secret too (RFC 9325 §4.2).
        set(CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20")
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        unsafe settings.trust.apply(to: easy)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_MAXAGE_CONN, 30)
        set(CURLOPT_FRESH_CONNECT, order.mayReuse ? 0 : 1)
        set(CURLOPT_FORBID_REUSE, order.url.isUserGiven ? 1 : 0)
        set(CURLOPT_BUFFERSIZE, 8 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(reason))
    }

    /// libcurl looks up no name itself: it connects to what has been looked at.
    private func configureAddress(_ addresses: [NetworkAddress]) {
        guard !addresses.isEmpty else { return }
        let list = addresses.map { $0.isIPv4 ? "\($0)" : "[\($0)]" }.joined(separator: ",")
        set(CURLOPT_RESOLVE, lines: ["+\(order.url.host):\(order.url.port):\(list)"])
    }

    private func configureTime() {
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, order.limits.connecting.milliseconds))
        set(CURLOPT_TIMEOUT_MS, max(1, order.deadline.remaining.milliseconds))
        // A mail server may think for long about what it has been given (RFC 5321 §4.5.3.2.6).
        guard case .http = order.kind else { return }
        set(CURLOPT_LOW_SPEED_LIMIT, order.limits.slowest)
        set(CURLOPT_LOW_SPEED_TIME, max(1, order.limits.patience.milliseconds / 1_000))
    }

    private func configureHTTP(_ method: String, _ lines: [String]) {
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_USERAGENT, "unnati")
        if let length = order.bodyLength {
            set(CURLOPT_UPLOAD, 1)
            unsafe _ = unnati_curl_size(easy, CURLOPT_INFILESIZE_LARGE, length)
        } else if method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        } else {
            set(CURLOPT_HTTPGET, 1)
        }
        set(CURLOPT_CUSTOMREQUEST, method)
        // HEAD tells the length of what it does not bring.
        if method != "HEAD" { unsafe _ = unnati_curl_size(easy, CURLOPT_MAXFILESIZE_LARGE, order.limits.responseBytes) }
        // Waiting for leave to send a body costs a round trip and helps nobody we call.
        var lines = lines + ["Expect:"]
        if order.bodyLength == nil, ["POST", "PUT", "PATCH"].contains(method) { lines.append("Content-Length: 0") }
        set(CURLOPT_HTTPHEADER, lines: lines)
    }

    private func configureSMTP(
        _ sender: String, _ recipients: [String], _ credential: Secret<(user: String, password: String)>?
    ) {
        set(CURLOPT_UPLOAD, 1)
        unsafe _ = unnati_curl_size(easy, CURLOPT_INFILESIZE_LARGE, order.bodyLength ?? -1)
        // One message a connection: a connection that is kept is left with a QUIT, which libcurl waits for.
        set(CURLOPT_FORBID_REUSE, 1)
        set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, order.limits.total.milliseconds / 1_000))
        // Whoever cancels is heard within a second, and the server is not told that the message is whole.
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(self).toOpaque())
        unsafe _ = unnati_curl_on_progress(easy) { context, _, _, _, _ in
            unsafe CurlTransfer.of(context).exchange.isUnwanted ? 1 : 0
        }
        // STARTTLS, or no mail (RFC 3207 §4.1).
        set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        set(CURLOPT_MAIL_FROM, "<\(sender)>")
        set(CURLOPT_MAIL_RCPT, lines: recipients.map { "<\($0)>" })
        guard let credential else { return }
        set(CURLOPT_USERNAME, credential.reveal().user)
        set(CURLOPT_PASSWORD, credential.reveal().password)
    }

    private func configureCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_HEADERDATA, context)
        unsafe _ = unnati_curl_on_bytes(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.of(context).receiveLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_WRITEDATA, context)
        unsafe _ = unnati_curl_on_bytes(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.of(context).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_READDATA, context)
        unsafe _ = unnati_curl_on_bytes(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
            unsafe CurlTransfer.of(context).fill(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe _ = unnati_curl_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        unsafe _ = unnati_curl_on_open(easy) { context, _, address in
            guard let address = unsafe address else { return CURL_SOCKET_BAD }
            return unsafe CurlTransfer.of(context).open(address)
        }
    }

    /// The pool keeps a transfer until libcurl has let go of its handle.
    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
        guard let context = unsafe context else { preconditionFailure("libcurl has lost its context") }
        return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: - libcurl's questions

    /// The last look at an address, in the moment of connecting.
    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if order.url.isUserGiven {
            let wanted = unsafe withUnsafePointer(to: &address.pointee.addr) { unsafe NetworkAddress($0) }
            guard let wanted, guardian.admits(wanted) else {
                objection = .addressRefused
                return CURL_SOCKET_BAD
            }
        }
        return unsafe unnati_curl_socket(address)
    }

    private func receiveLine(_ bytes: UnsafeRawBufferPointer) -> Int {
        if case .smtp = order.kind {
            let line = unsafe String(decoding: bytes.prefix(512), as: UTF8.self).trimmingWhitespace
            if line.hasPrefix("4") || line.hasPrefix("5") { refusal = line }
            return bytes.count
        }
        switch unsafe head.add(bytes) {
        case .more: break
        case .tooLong:
            objection = .tooLarge
            return 0
        case .complete(let head):
            unsafe tls = unnati_curl_tls(easy)
            exchange.note(head)
        }
        return bytes.count
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard objection == nil, receivedBytes + bytes.count <= order.limits.responseBytes else {
            objection = .tooLarge
            return 0
        }
        guard unsafe exchange.receive(bytes) else { return Int(CURL_WRITEFUNC_PAUSE) }
        receivedBytes += bytes.count
        return bytes.count
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        hasSentBody = true
        let length = order.bodyLength ?? 0
        switch unsafe exchange.fill(buffer) {
        case .bytes(let count):
            sentBytes += count
            // What is beyond the declared length would be taken for another request.
            guard length < 0 || sentBytes <= length else { return abort() }
            return count
        case .over: return length < 0 || sentBytes == length ? 0 : abort()
        case .later: return Int(CURL_READFUNC_PAUSE)
        }
    }

    private func abort() -> Int {
        objection = .bodyFailed
        return Int(CURL_READFUNC_ABORT)
    }

    // MARK: - Its end

    /// The connection that is kept for the next call; nil when it has been closed.
    var kept: KeptConnection? {
        let socket = unsafe unnati_curl_info_socket(easy)
        return socket == CURL_SOCKET_BAD ? nil : unsafe KeptConnection(socket: socket, tls: tls)
    }

    /// Has the pool told when libcurl closes a connection of this transfer, however much later.
    func reportClosing(to pool: UnsafeMutableRawPointer, _ function: @escaping curl_closesocket_callback) {
        unsafe _ = unnati_curl_on_close(easy, function, pool)
    }

    /// What has waited is handed over within; it may be what must not be.
    func resume() -> CURLcode { unsafe curl_easy_pause(easy, Int32(CURLPAUSE_CONT)) }

    /// Does all of it on the calling thread.
    func perform() { finish(unsafe curl_easy_perform(easy)) }

    func finish(_ code: CURLcode) {
        guard code != CURLE_OK else { return exchange.finish(.success(())) }
        let wasUnsent = unsafe unnati_curl_info_number(easy, CURLINFO_REQUEST_SIZE) == 0 && !hasSentBody
        if case .smtp = order.kind, let refusal = MailRefusal(status: status, line: refusal) {
            return exchange.finish(.failure(refusal))
        }
        exchange.finish(.failure(AttemptFailure(error: error(code), wasUnsent: wasUnsent)))
    }

    private var status: Int { unsafe unnati_curl_info_number(easy, CURLINFO_RESPONSE_CODE) }

    private func error(_ code: CURLcode) -> OutboundError {
        if let objection { return objection }
        let reason = unsafe String(cString: self.reason)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .unresolvable
        case CURLE_COULDNT_CONNECT: return .unreachable
        case CURLE_OPERATION_TIMEDOUT:
            let hasBegun = unsafe unnati_curl_info_size(easy, CURLINFO_PRETRANSFER_TIME_T) > 0
            return .timedOut(hasBegun ? .waiting : .connecting)
        case CURLE_SSL_CONNECT_ERROR: return .handshakeFailed(reason: reason)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_USE_SSL_FAILED, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM:
            return .untrusted(reason: reason)
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND:
            return .brokenOff
        case CURLE_FILESIZE_EXCEEDED: return .tooLarge
        case CURLE_ABORTED_BY_CALLBACK: return .stopped
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING:
            return .malformed
        default: return .failed(code: Int(code.rawValue), reason: reason)
        }
    }
}

/// What all transfers have in common.
struct CurlSettings: Sendable {
    let trust: Trust
    let guardian: AddressGuard
}

extension Duration {
    var milliseconds: Int { Int(clamping: Int64(self / .milliseconds(1))) }
}
