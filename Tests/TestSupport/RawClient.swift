// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Execution
import Foundation
import Glibc

/// A client that knows nothing of our own parser: it connects, sends bytes, and reads replies by their Content-Length or
/// their chunks.
package struct RawClient: Sendable {
    private static let lanes = BlockingPool(label: "test.client", lanes: 64, waiting: 100_000)
    private let descriptor: Int32

    package init(port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
    }

    package func close() { _ = Glibc.close(descriptor) }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw POSIXError(.EPIPE) }
            offset += count
        }
    }

    /// Everything until the server closes or `seconds` pass without a byte.
    package func readToEnd(seconds: Int = 5) -> String {
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var all: [UInt8] = []
        while let bytes = receive() { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }

    private func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    package struct Reply: Sendable {
        package let status: Int
        package let headers: [String: String]
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
        /// The body as Foundation reads it.
        package var json: Any? { try? JSONSerialization.jsonObject(with: Data(body)) }
        package var object: [String: Any] { json as? [String: Any] ?? [:] }
        package var problemCode: String? { object["code"] as? String }
        package func header(_ name: String) -> String? { headers[name.lowercased()] }
    }

    /// The next reply, informational ones passed over.
    package func readReply(isHead: Bool = false) throws -> Reply {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
                if status < 200 {
                    bytes.removeFirst(end.upperBound)
                    continue
                }
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let halves = line.split(separator: ":", maxSplits: 1)
                    headers[halves[0].lowercased()] =
                        halves.count > 1 ? halves[1].trimmingCharacters(in: .whitespaces) : ""
                }
                bytes.removeFirst(end.upperBound)
                if headers["transfer-encoding"] == "chunked", !isHead {
                    return Reply(status: status, headers: headers, body: try readChunks(bytes))
                }
                let length = isHead ? 0 : Int(headers["content-length"] ?? "0") ?? 0
                while bytes.count < length {
                    guard let more = receive() else { throw POSIXError(.ECONNRESET) }
                    bytes += more
                }
                return Reply(status: status, headers: headers, body: Array(bytes[..<length]))
            }
            guard let more = receive() else { throw POSIXError(.ECONNRESET) }
            bytes += more
        }
    }

    /// A chunked body to its end. One that breaks off throws.
    private func readChunks(_ received: [UInt8]) throws -> [UInt8] {
        var bytes = received, body: [UInt8] = []
        func line() throws -> String {
            while true {
                if let end = bytes.firstRange(of: [0x0D, 0x0A]) {
                    defer { bytes.removeFirst(end.upperBound) }
                    return String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                }
                guard let more = receive() else { throw POSIXError(.ECONNRESET) }
                bytes += more
            }
        }
        while true {
            guard let size = Int(try line(), radix: 16) else { throw POSIXError(.EBADMSG) }
            while bytes.count < size + 2 {
                guard let more = receive() else { throw POSIXError(.ECONNRESET) }
                bytes += more
            }
            guard bytes[size] == 0x0D, bytes[size + 1] == 0x0A else { throw POSIXError(.EBADMSG) }
            if size == 0 { return body }
            body += bytes[..<size]
            bytes.removeFirst(size + 2)
        }
    }

    /// One request on a connection of its own.
    package static func exchange(
        port: UInt16, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Reply {
        try await lanes.run {
            let client = try RawClient(port: port)
            defer { client.close() }
            var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            if let body { text += "Content-Length: \(body.count)\r\n" }
            try client.send(Array((text + "\r\n").utf8) + (body ?? []))
            return try client.readReply(isHead: method == "HEAD")
        }
    }
}
