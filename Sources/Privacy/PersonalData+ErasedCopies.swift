// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database
import Foundation

/// The second stage of an erasure: a sealed copy that is destroyed a year after the first, as the table's rule says.
extension PersonalData {
    private static let pieceBytes = 262_144

    /// Seals all that is kept about a customer, in the transaction that erases it.
    /// - Parameter parts: them and whoever was merged into them.
    borrowing func keepCopy(
        of customer: UUIDv7, _ tenant: TenantID, _ parts: [PrivacySubject], sealedFor key: ErasedCopySealingKey
    ) throws {
        var sender = try HPKE.Sender(
            recipientKey: key.key, ciphersuite: ErasedCopy.suite, info: ErasedCopy.info(customer, of: tenant))
        let id = UUIDv7.next()
        var part = 0, pending = ""
        func keep(_ content: Data) throws {
            try connection.run(
                """
                INSERT INTO app.erased_copies (id, tenant_id, customer_id, part, content)
                VALUES ($1::uuid, $2::uuid, $3::uuid, $4::bigint, decode($5, 'base64'))
                """, [id.hex, tenant.uuid.hex, customer.hex, "\(part)", content.base64EncodedString()])
            part += 1
        }
        func seal(isLast: Bool) throws {
            if part == 0 { try keep(sender.encapsulatedKey) }
            try keep(sender.seal(Data(pending.utf8), authenticating: ErasedCopy.standing(isLast: isLast)))
            pending = ""
        }
        // Who is there no more has nothing left to be kept.
        guard
            try document(
                of: .customer(customer, of: tenant), parts,
                { piece in
                    if pending.utf8.count >= Self.pieceBytes { try seal(isLast: false) }
                    pending += piece
                }) > 0
        else { return }
        try seal(isLast: true)
    }

    /// Opens the copies that are kept of a customer.
    /// - Parameter write: called with pieces of UTF-8 text that make one JSON document for each copy.
    /// - Returns: how many there are.
    /// - Throws: `PrivacyError.notOpened`, `AdminError`, what `write` throws.
    package borrowing func open(
        _ customer: UUIDv7, of tenant: TenantID, with key: ErasedCopyOpeningKey, _ write: (Data) throws -> Void
    ) throws -> Int {
        let ids = try connection.run(
            """
            SELECT id FROM app.erased_copies
            WHERE tenant_id = '\(tenant.uuid.hex)' AND customer_id = '\(customer.hex)' AND part = 0 ORDER BY id
            """
        ).compactMap { $0[0] }
        for id in ids {
            var recipient: HPKE.Recipient?, isWhole = false
            for part in 0... {
                let text = try connection.run(
                    "SELECT encode(content, 'base64') FROM app.erased_copies WHERE id = $1::uuid AND part = $2::bigint",
                    [id, "\(part)"]
                ).first?[0]
                guard let text, let content = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
                    break
                }
                if recipient == nil {
                    recipient = try? HPKE.Recipient(
                        privateKey: key.key, ciphersuite: ErasedCopy.suite,
                        info: ErasedCopy.info(customer, of: tenant), encapsulatedKey: content)
                    continue
                }
                guard let piece = Self.piece(content, with: &recipient) else { throw PrivacyError.notOpened }
                isWhole = piece.isLast
                try write(piece.text)
            }
            guard isWhole else { throw PrivacyError.notOpened }
        }
        return ids.count
    }

    private static func piece(_ content: Data, with recipient: inout HPKE.Recipient?) -> (text: Data, isLast: Bool)? {
        for isLast in [false, true] {
            // A try that fails leaves the place in the row as it was.
            let standing = ErasedCopy.standing(isLast: isLast)
            if let text = try? recipient?.open(content, authenticating: standing) { return (text, isLast) }
        }
        return nil
    }
}
