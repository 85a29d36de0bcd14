// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Dispatch
import Foundation
import Glibc

/// Speaks PostgreSQL's side of the wire protocol (PostgreSQL manual, 55.7 "Message Formats") as far as a script goes, and then
/// closes: for moments that a real server reaches once in thousands of restarts.
package final class ScriptedPostgres: Sendable {
    private let listener: Int32
    private let folder: String
    private let path: String

    /// - Parameter commands: the tags with which the statements of the first exchange are answered.
    /// - Parameter error: SQLSTATE of the error that follows them.
    package init(answering commands: [String], thenFailingWith error: String) throws {
        folder = NSTemporaryDirectory() + "pg-\(UUIDv7.next().hex.suffix(12))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/.s.PGSQL.5432"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(bound == 0 && listen(listener, 8) == 0, "the scripted server cannot listen")
        let script = Self.script(commands, error)
        DispatchQueue.global().async {
            while case let client = unsafe accept(listener, nil, nil), client >= 0 {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                // The greeting, and then the exchange.
                if unsafe read(client, &buffer, buffer.count) > 0 {
                    Self.send(Self.message("R", [0, 0, 0, 0]) + Self.message("Z", [UInt8(ascii: "I")]), client)
                    if unsafe read(client, &buffer, buffer.count) > 0 { Self.send(script, client) }
                }
                close(client)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    package var url: Secret<String> {
        Secret("postgresql:///x?host=\(folder)&user=x&sslmode=disable&gssencmode=disable")
    }

    private static func send(_ bytes: [UInt8], _ client: Int32) {
        var bytes = bytes
        _ = unsafe Glibc.send(client, &bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return Array(String(kind).utf8) + (unsafe withUnsafeBytes(of: length.bigEndian) { unsafe Array($0) }) + body
    }

    private static func script(_ commands: [String], _ error: String) -> [UInt8] {
        commands.flatMap { message("1", []) + message("2", []) + message("n", []) + message("C", Array($0.utf8) + [0]) }
            + message("E", ["SFATAL", "C\(error)", "Mgoing away"].flatMap { Array($0.utf8) + [0] } + [0])
    }
}
