// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Database
import Foundation

/// The second stage of an erasure: a sealed copy that is destroyed a year after the first, as the table's rule says.
extension PersonalData {
    private static let pieceBytes = 262_144

    /// Seals what an export of a customer would hold, in the transaction that erases them.
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

    /// Opens the copies that are kept of a customer, also by the id of one who was merged into them.
    /// - Returns: a JSON document for each.
    /// - Throws: `PrivacyError.notOpened`, `AdminError`.
    package borrowing func open(_ customer: UUIDv7, of tenant: TenantID, with key: ErasedCopyOpeningKey) throws
        -> [Data]
    {
        // Those who were one were erased in one transaction.
        let copies = try connection.run(
            """
            SELECT id, replace(customer_id::text, '-', '') FROM app.erased_copies
            WHERE tenant_id = '\(tenant.uuid.hex)' AND part = 0 AND customer_id IN (
                SELECT e.subject_id FROM app.erasures named JOIN app.erasures e
                    ON e.subject = 'customer' AND e.tenant_id = named.tenant_id AND e.erased_at = named.erased_at
                WHERE named.subject = 'customer' AND named.tenant_id = '\(tenant.uuid.hex)' AND named.subject_id = '\(customer.hex)')
            ORDER BY id
            """)
        return try copies.map { row in
            guard let id = row[0], let sealed = row[1].flatMap({ UUIDv7(hex: $0) }) else {
                throw PrivacyError.notOpened
            }
            return try document(id, sealed, tenant, with: key)
        }
    }

    private borrowing func document(
        _ id: String, _ customer: UUIDv7, _ tenant: TenantID, with key: ErasedCopyOpeningKey
    ) throws -> Data {
        let parts = try connection.run(
            "SELECT encode(content, 'base64') FROM app.erased_copies WHERE id = $1::uuid ORDER BY part", [id]
        ).compactMap { row in row[0].flatMap { Data(base64Encoded: $0, options: .ignoreUnknownCharacters) } }
        guard let first = parts.first,
            var recipient = try? HPKE.Recipient(
                privateKey: key.key, ciphersuite: ErasedCopy.suite, info: ErasedCopy.info(customer, of: tenant),
                encapsulatedKey: first)
        else { throw PrivacyError.notOpened }
        return try parts.enumerated().dropFirst().reduce(into: Data()) { document, part in
            let standing = ErasedCopy.standing(isLast: part.offset == parts.count - 1)
            guard let text = try? recipient.open(part.element, authenticating: standing) else {
                throw PrivacyError.notOpened
            }
            document += text
        }
    }
}
