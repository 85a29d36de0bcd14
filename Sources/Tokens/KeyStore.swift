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
/// | `sealing.key` | encrypts secrets at rest (AES-256-GCM), until another takes its place |
/// | `sealing-1800000000.key` | the same, from that second on (Unix time) |
/// | `signing.key` | signs access tokens (Ed25519), until another takes its place |
/// | `signing-1800000000.key` | the same, from that second on (Unix time) |
/// | `refresh.key` | computes refresh tokens (HMAC-SHA-256) |
/// | `cursor.key` | marks list cursors as ours (HMAC-SHA-256) |
package struct KeyStore: Sendable {
    package let sealing: [SealingKey]
    package let signing: [SigningKey]
    package let refresh: Secret<SymmetricKey>
    package let cursor: Secret<SymmetricKey>

    /// Hides whose tries are counted where limits are kept. Made of the cursor's key (RFC 5869), which guards as little.
    package var limits: Secret<SymmetricKey> {
        Secret(
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: cursor.reveal(), info: Array("unnati rate limits".utf8), outputByteCount: 32))
    }

    /// Computes what is kept of one-time codes. Made of the refresh key: both let people in.
    package var codes: Secret<SymmetricKey> {
        Secret(
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: refresh.reveal(), info: Array("unnati one time codes".utf8), outputByteCount: 32))
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
        func key(_ name: String) throws -> [UInt8] {
            let path = "\(folder)/\(name).key"
            if !FileManager.default.fileExists(atPath: path) { try Self.make(path) }
            return try Self.key(at: path)
        }
        for name in ["signing", "sealing"] { _ = try key(name) }
        signing = try Self.signingKeys(in: folder)
        sealing = try Self.sealingKeys(in: folder)
        refresh = Secret(SymmetricKey(data: try key("refresh")))
        cursor = Secret(SymmetricKey(data: try key("cursor")))
    }

    // MARK: - Keys that take each other's place

    /// Those that have signed, the one that signs, and those that will.
    /// - Throws: ``Failure``.
    package static func signingKeys(in folder: String) throws -> [SigningKey] {
        try keys(.signing, in: folder).map { instant, bytes in
            SigningKey(
                activeFrom: instant, key: Secret(try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)))
        }
    }

    /// The same for those that seal. A process that shares the folder of the servers makes none: its own would open nothing.
    /// - Throws: ``Failure``, also when there is none.
    package static func sealingKeys(in folder: String) throws -> [SealingKey] {
        try keys(.sealing, in: folder).map { instant, bytes in
            SealingKey(activeFrom: instant, key: Secret(SymmetricKey(data: bytes)))
        }
    }

    /// `signing.key`, `signing-1800000000.key` and so on.
    package enum Kind: String, Sendable { case signing, sealing }

    private static func keys(_ kind: Kind, in folder: String) throws -> [(activeFrom: Instant, bytes: [UInt8])] {
        try files(kind, in: folder).map { name, seconds in
            (Instant(microseconds: seconds * 1_000_000), try key(at: "\(folder)/\(name)"))
        }
    }

    /// In order of the moments from which they are used. The one without a moment is there from the beginning.
    private static func files(_ kind: Kind, in folder: String) -> [(name: String, seconds: Int64)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let later = names.compactMap { name -> (String, Int64)? in
            guard name.hasPrefix(kind.rawValue + "-"), name.hasSuffix(".key"),
                let seconds = Int64(name.dropFirst(kind.rawValue.utf8.count + 1).dropLast(4)),
                (0..<1_000_000_000_000).contains(seconds)
            else { return nil }
            return (name, seconds)
        }.sorted { $0.1 < $1.1 }
        return [("\(kind.rawValue).key", 0)] + later
    }

    /// Makes a key that is used from a moment on, late enough for every server to have read it by then.
    /// - Returns: that moment.
    /// - Throws: ``Failure``.
    package static func addKey(
        _ kind: Kind, in folder: String, delay: Duration, now: Instant = .now()
    ) throws -> Instant {
        let seconds = now.advanced(by: delay).seconds
        try make("\(folder)/\(kind.rawValue)-\(seconds).key")
        return Instant(microseconds: seconds * 1_000_000)
    }

    /// Takes keys away that another has replaced since long enough.
    /// - Parameter keeping: so long after its successor began a key is still there.
    /// - Returns: how many went.
    /// - Throws: ``Failure``.
    package static func dropKeys(
        _ kind: Kind, in folder: String, keeping: Duration, now: Instant = .now()
    ) throws -> Int {
        let begun = files(kind, in: folder), horizon = now.advanced(by: .zero - keeping).seconds
        // A key has stopped when the next one began.
        let over = zip(begun, begun.dropFirst()).filter { $1.1 < horizon }.map(\.0.0)
        let first = "\(kind.rawValue).key"
        for name in over where name != first { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        // The name stands for "from the beginning": the oldest that is left takes it over.
        if over.contains(first), let oldest = files(kind, in: folder).dropFirst().first {
            guard unsafe rename("\(folder)/\(oldest.name)", "\(folder)/\(first)") == 0 else {
                throw Failure(description: "\(folder)/\(first) cannot be replaced. Check its owner and permissions.")
            }
        }
        return over.count
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
        // Made by an administrator it is still the server's, whose the folder is.
        var folder = stat()
        if unsafe stat((path as NSString).deletingLastPathComponent, &folder) == 0 {
            _ = fchown(descriptor, folder.st_uid, folder.st_gid)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data((Base64.url.encode(RandomBytes.make(32)) + "\n").utf8))
        try handle.synchronize()
        guard unsafe link(draft, path) == 0 || errno == EEXIST else {
            throw Failure(description: "The key file \(path) cannot be made. Check the folder's owner and permissions.")
        }
    }

    /// 32 bytes from the file.
    private static func key(at path: String) throws -> [UInt8] {
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

/// A key that signs access tokens from a moment on. One that no longer signs still verifies.
package struct SigningKey: Sendable {
    package let activeFrom: Instant
    package let key: Secret<Curve25519.Signing.PrivateKey>

    package init(activeFrom: Instant, key: Secret<Curve25519.Signing.PrivateKey>) {
        self.activeFrom = activeFrom
        self.key = key
    }

    /// A key is named by its public half, so that every server gives it the same name.
    package var id: String {
        Hex.encode(SHA256.hash(data: key.reveal().publicKey.rawRepresentation).prefix(8))
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
