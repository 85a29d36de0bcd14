// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation

/// The server's own keys, one file of base64 for each in a folder that only its user may enter. All servers of one
/// deployment share them.
///
/// | File | What it is for |
/// |---|---|
/// | `sealing.key` | encrypts secrets at rest (AES-256-GCM) |
/// | `signing.key` | signs access tokens (Ed25519) |
/// | `refresh.key` | computes refresh tokens (HMAC-SHA-256) |
/// | `cursor.key` | marks list cursors as ours (HMAC-SHA-256) |
package struct KeyStore: Sendable {
    package let sealing: Secret<SymmetricKey>
    package let signing: Secret<Curve25519.Signing.PrivateKey>
    package let refresh: Secret<SymmetricKey>
    package let cursor: Secret<SymmetricKey>

    /// Hides whose tries are counted where limits are kept. Made of the cursor's key (RFC 5869), which guards as little.
    package var limits: Secret<SymmetricKey> {
        Secret(
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: cursor.reveal(), info: Array("unnati rate limits".utf8), outputByteCount: 32))
    }

    /// Computes what is kept of one-time codes. Made of the sealing key: both guard secrets that are at rest.
    package var codes: Secret<SymmetricKey> {
        Secret(
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: sealing.reveal(), info: Array("unnati one time codes".utf8), outputByteCount: 32))
    }

    /// What is wrong with the keys, and what to do.
    package struct Failure: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// Reads the keys; makes the folder and those that are missing, so that a first run needs no ceremony.
    /// - Throws: ``Failure``.
    package init(folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                description: "The keys folder \(folder) cannot be made. Name another one with KEYS_DIRECTORY.")
        }
        func key(_ name: String) throws -> [UInt8] { try Self.key(at: "\(folder)/\(name).key") }
        sealing = Secret(SymmetricKey(data: try key("sealing")))
        signing = Secret(try Curve25519.Signing.PrivateKey(rawRepresentation: try key("signing")))
        refresh = Secret(SymmetricKey(data: try key("refresh")))
        cursor = Secret(SymmetricKey(data: try key("cursor")))
    }

    /// Writes a new key beside its place and links it there whole: a server that is killed here leaves no half a key, and of
    /// two that start at once both read the one that was linked first.
    private static func make(_ path: String) throws {
        let draft = "\(path).\(UUIDv7.next().hex)"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(description: "The key file \(path) cannot be made. Check the folder's owner and permissions.")
        }
        defer { unsafe unlink(draft) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data((Base64.url.encode(RandomBytes.make(32)) + "\n").utf8))
        try handle.synchronize()
        guard unsafe link(draft, path) == 0 || errno == EEXIST else {
            throw Failure(description: "The key file \(path) cannot be made. Check the folder's owner and permissions.")
        }
    }

    /// 32 bytes from the file, which is made first where there is none.
    private static func key(at path: String) throws -> [UInt8] {
        if !FileManager.default.fileExists(atPath: path) { try make(path) }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw Failure(description: "The key file \(path) cannot be read. Check its owner and permissions.")
        }
        guard let bytes = Base64.url.decode(String(decoding: content, as: UTF8.self).trimmingWhitespace.utf8),
            bytes.count == 32
        else {
            throw Failure(
                description: "The key file \(path) does not hold 32 bytes of base64url. Restore it from a backup.")
        }
        return bytes
    }
}

/// Bytes nobody can guess.
package enum RandomBytes {
    /// From the operating system's generator (getrandom).
    package static func make(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
