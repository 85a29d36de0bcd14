// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

// Whether a customer may be written to is asked in one place, here, and what comes out of it is a value that nothing else can make.
// Whatever sends a message takes a `SendPermit` and sends to its address: then there is no way around the question.

/// That one message for one purpose may go to one customer on one channel, now.
package struct SendPermit: Sendable {
    /// How long it is good at most. Who waits for longer asks again: somebody may have taken their yes back.
    package static let lifetime = Duration.seconds(300)

    package let tenant: TenantID
    package let customer: Customer.ID
    package let channel: ConsentChannel
    package let purpose: ConsentPurpose
    /// Where to: the one that the question was about.
    package let address: SendingAddress
    package let expiresAt: Instant

    /// For the questions below alone.
    fileprivate init(
        tenant: TenantID, customer: Customer.ID, channel: ConsentChannel, purpose: ConsentPurpose,
        address: SendingAddress, expiresAt: Instant
    ) {
        self.tenant = tenant
        self.customer = customer
        self.channel = channel
        self.purpose = purpose
        self.address = address
        self.expiresAt = expiresAt
    }

    package func isGood(at now: Instant = .now()) -> Bool { now < expiresAt }
}

package enum SendVerdict: Sendable {
    case allowed(SendPermit)
    case refused(SendRefusal)
}

extension ConsentService {
    /// How many customers are asked about at once at most.
    package static let maximumAsked = 500

    /// Whether something may be sent for this purpose on this channel to this customer, now.
    /// - Parameter id: also of somebody who turned out to be another; the permit names who they are.
    package func permit(
        _ id: Customer.ID, on channel: ConsentChannel, for purpose: ConsentPurpose, of tenant: TenantID,
        at now: Instant = .now()
    ) async throws -> SendVerdict {
        // Not from a standby: what was said a moment ago on another server holds.
        let standings = try await database.read(
            ConsentQueries.standings(of: [id], tenant, visibleTo: nil), in: .tenant(tenant))
        return verdict(standings[id], channel, purpose, tenant, now)
    }

    /// The same in a transaction, such as the one that writes down what is sent.
    package func permit(
        _ id: Customer.ID, on channel: ConsentChannel, for purpose: ConsentPurpose, at now: Instant = .now(),
        in tx: borrowing TenantTransaction
    ) throws -> SendVerdict {
        let standings = try tx.run(ConsentQueries.standings(of: [id], tx.tenantID, visibleTo: nil))
        return verdict(standings[id], channel, purpose, tx.tenantID, now)
    }

    /// The same for up to ``maximumAsked`` customers in one statement. Two who were merged have the same permit: it is one person.
    /// - Returns: a verdict for each of `ids`.
    package func permits(
        _ ids: [Customer.ID], on channel: ConsentChannel, for purpose: ConsentPurpose, of tenant: TenantID,
        at now: Instant = .now()
    ) async throws -> [Customer.ID: SendVerdict] {
        precondition(ids.count <= Self.maximumAsked, "ask in parts")
        guard !ids.isEmpty else { return [:] }
        let standings = try await database.read(
            ConsentQueries.standings(of: ids, tenant, visibleTo: nil), in: .tenant(tenant))
        return Dictionary(ids.map { ($0, verdict(standings[$0], channel, purpose, tenant, now)) }) { first, _ in first }
    }

    private func verdict(
        _ standing: ConsentStanding?, _ channel: ConsentChannel, _ purpose: ConsentPurpose, _ tenant: TenantID,
        _ now: Instant
    ) -> SendVerdict {
        guard let standing else { return .refused(.customerUnknown) }
        if let refusal = standing.refusal(on: channel, for: purpose, at: now, hours) { return .refused(refusal) }
        guard let address = standing.address(on: channel) else { return .refused(.noAddress) }
        let end = now.advanced(by: SendPermit.lifetime)
        let closing = purpose.isPromotional ? hours[channel]?.end(at: now) : nil
        return .allowed(
            SendPermit(
                tenant: tenant, customer: standing.customer, channel: channel, purpose: purpose, address: address,
                expiresAt: min(end, closing ?? end)))
    }
}
