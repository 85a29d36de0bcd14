// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import Database
import Foundation
import JSON
import TestSupport
import Testing

/// The one question that is asked before anything is sent.
@Suite struct SendPermitTests {
    private let noon = Instant(rfc3339: "2026-11-26T06:30:00Z") ?? .now()
    private let night = Instant(rfc3339: "2026-11-26T17:00:00Z") ?? .now()

    private func service(_ api: TestAPI) -> ConsentService {
        ConsentService(database: api.application.database, hours: PromotionHours())
    }

    private func permit(_ verdict: SendVerdict) -> SendPermit? {
        if case .allowed(let permit) = verdict { permit } else { nil }
    }

    private func everybody() throws -> SegmentDefinition {
        var validation = Validation()
        return try #require(
            SegmentDefinition(JSONReader.parse(Array(#"{"all": []}"#.utf8)), at: "", fields: [], noting: &validation))
    }

    private func refusal(_ verdict: SendVerdict) -> SendRefusal? {
        if case .refused(let refusal) = verdict { refusal } else { nil }
    }

    @Test func aPermitIsForOneMessageToOneAddressNow() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other"), service = service(api)
            let text = try await acme.makeCustomer(["name": "Asha", "phone": "9812345678"])
            let id = try #require(Customer.ID(text))
            #expect(
                refusal(try await service.permit(id, on: .sms, for: .marketing, of: acme.id, at: noon)) == .noConsent)
            let given = try await acme.given(["channel": "sms", "occurred_at": "2026-01-01T00:00:00Z"])
            #expect(try await acme.post("/v1/customers/\(text)/consents", given).status == 201)

            let permit = try #require(
                permit(try await service.permit(id, on: .sms, for: .marketing, of: acme.id, at: noon)))
            #expect(permit.tenant == acme.id && permit.customer == id && permit.channel == .sms)
            #expect(permit.purpose == .marketing && permit.address == PhoneNumber("9812345678").map { .phone($0) })
            #expect(permit.isGood(at: noon) && permit.isGood(at: noon.advanced(by: .seconds(299))))
            #expect(!permit.isGood(at: noon.advanced(by: SendPermit.lifetime)))
            // The day ends before it does.
            let evening = Instant(rfc3339: "2026-11-26T15:29:00Z") ?? noon
            let late = self.permit(try await service.permit(id, on: .sms, for: .marketing, of: acme.id, at: evening))
            #expect(late?.expiresAt == Instant(rfc3339: "2026-11-26T15:30:00Z"))
            #expect(
                refusal(try await service.permit(id, on: .sms, for: .marketing, of: acme.id, at: night))
                    == .outsideHours(until: Instant(rfc3339: "2026-11-27T04:30:00Z") ?? noon))
            #expect(self.permit(try await service.permit(id, on: .sms, for: .service, of: acme.id, at: night)) != nil)
            // In the transaction of whoever sends.
            let within = try await api.application.database.withTenant(acme.id) { (tx: borrowing TenantTransaction) in
                try service.permit(id, on: .sms, for: .service, in: tx)
            }
            #expect(self.permit(within)?.customer == id)
            // Another business's customers, and nobody at all, are unknown.
            for unknown in [id, Customer.ID.next()] {
                #expect(
                    refusal(try await service.permit(unknown, on: .sms, for: .service, of: other.id, at: noon))
                        == .customerUnknown)
            }
            _ = try await acme.delete("/v1/customers/\(text)")
            #expect(
                refusal(try await service.permit(id, on: .sms, for: .service, of: acme.id, at: noon))
                    == .customerUnknown)
        }
    }

    /// Five hundred at once, and how many can be reached: each says what the others say.
    @Test func manyAreAskedAboutAsOneIs() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), other = try await api.makeTenant("Other"), service = service(api)
            for tenant in [acme, other] {
                // A third has no number or no address, some were deleted, and every seventh is another.
                try api.database.run(
                    as: "unnati_owner",
                    """
                    INSERT INTO app.customers (tenant_id, id, name, name_key, phone, email, birthday, birth_year, deleted_at, erase_after)
                    SELECT '\(tenant.id.uuid.hex)', md5('\(tenant.id)' || n)::uuid, 'C', 'c',
                           CASE WHEN n % 3 > 0 THEN '+9198' || lpad(n::text, 8, '0') END, CASE WHEN n % 3 < 2 THEN n || '@example.in' END,
                           CASE WHEN n % 5 = 0 THEN 423 END, CASE WHEN n % 10 = 0 THEN 1980 + n % 40 END,
                           CASE WHEN n % 31 = 0 THEN now() END, CASE WHEN n % 31 = 0 THEN now() + interval '1 day' END
                    FROM generate_series(1, 400) AS n;
                    UPDATE app.customers c SET merged_into = md5('\(tenant.id)' || k)::uuid, deleted_at = '2026-06-01', erase_after = NULL
                    FROM generate_series(7, 400, 7) AS n, LATERAL (SELECT n - 6 + n % 3 AS k) AS k
                    WHERE c.tenant_id = '\(tenant.id.uuid.hex)' AND c.id = md5('\(tenant.id)' || n)::uuid AND (n - 6 + n % 3) % 31 > 0;
                    INSERT INTO app.consents (tenant_id, customer_id, channel, purpose, state, occurred_at, event_id)
                    SELECT tenant_id, id, channel, purpose, (ARRAY['given', 'withdrawn'])[1 + (random() < 0.3)::int],
                           timestamptz '2026-05-01' + random() * interval '60 days', gen_random_uuid()
                    FROM app.customers, unnest(ARRAY['whatsapp', 'sms', 'email', 'call']) AS channel,
                         unnest(ARRAY['service', 'marketing', 'referral']) AS purpose
                    WHERE tenant_id = '\(tenant.id.uuid.hex)' AND random() < 0.6;
                    INSERT INTO app.do_not_contact (tenant_id, customer_id, channel, reason, set_at, event_id)
                    SELECT tenant_id, id, channel, reason, now(), gen_random_uuid()
                    FROM app.customers, unnest(ARRAY['all', 'sms', 'email']) AS channel, unnest(ARRAY['asked', 'minor']) AS reason
                    WHERE tenant_id = '\(tenant.id.uuid.hex)' AND random() < 0.04
                    """)
            }
            let rows = try api.database.run(
                as: "unnati_owner",
                "SELECT replace(id::text, '-', '') FROM app.customers WHERE tenant_id = '\(acme.id.uuid.hex)'")
            let ids = rows.compactMap { $0[0].flatMap { UUIDv7(hex: $0) }.map { Customer.ID($0) } }
            #expect(ids.count == 400)
            let caller = Caller.person(
                .init(
                    userID: acme.userID, sessionID: .next(), tenantID: acme.id,
                    standing: Standing(role: .owner, changedAt: .now())))
            let counts = try await SegmentService(database: api.application.database).counts(
                of: SegmentFilter(everybody(), []), for: caller, at: noon)
            for channel in ConsentChannel.allCases {
                for purpose in ConsentPurpose.allCases {
                    let verdicts = try await service.permits(ids, on: channel, for: purpose, of: acme.id, at: noon)
                    #expect(verdicts.count == ids.count)
                    let allowed = Set(verdicts.values.compactMap { permit($0)?.customer })
                    let reachable = counts.reachable(on: channel, for: purpose)
                    #expect(allowed.count == reachable, "\(channel) \(purpose)")
                    #expect(reachable > 0 && reachable < 400, "\(channel) \(purpose): \(reachable)")
                    for id in ids.prefix(20) {
                        let single = try await service.permit(id, on: channel, for: purpose, of: acme.id, at: noon)
                        #expect(permit(single)?.customer == verdicts[id].flatMap { permit($0)?.customer })
                        #expect(refusal(single) == verdicts[id].flatMap { refusal($0) })
                    }
                }
            }
            #expect(try await service.permits([], on: .sms, for: .service, of: acme.id).isEmpty)
        }
    }
}
