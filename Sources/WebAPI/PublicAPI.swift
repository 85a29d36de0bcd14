// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import Audit
import CRM
import Core
import HTTPMessage
import Logging
import Metrics
import Telemetry
import Tokens
import WebApp

/// The API that `openapi.yaml` describes, put together from its parts.
package enum PublicAPI {
    package static func make(
        accounts: AccountServices, countries: [String], sessionLifetime: Duration, audit: AuditReader,
        customers: CustomerServices,
        idempotency: IdempotencyLedger,
        accessTokens: AccessTokens,
        revocations: SessionRevocations, cursors: CursorSeal, health: HealthHandlers, logger: Logger,
        accessLog: LogSink?,
        metrics: any MetricsFactory, gatekeeper: Gatekeeper, requestsPerAddress: Int, crossOrigin: CrossOrigin,
        isEncrypted: Bool,
        files: StaticFiles?, streamsPerTenant: Int, isDraining: @escaping @Sendable () -> Bool
    ) -> API {
        let table = RouteTable()
        let authenticator = Authenticator(tokens: accessTokens, revocations: revocations, keys: accounts.keyRing)
        let open = RouteGroup<OpenContext>(table) { _, _ in .now(OpenContext()) }
        let person = RouteGroup<PersonContext>(table) { request, access in
            try authenticator.caller(request) { try gatekeeper.admit($0, request) }.map {
                PersonContext(person: try $0.person(for: access))
            }
        }
        let tenant = RouteGroup<TenantContext>(table) { request, permission in
            try authenticator.caller(request) { try gatekeeper.admit($0, request) }.map {
                try $0.check(permission)
                return TenantContext(caller: $0)
            }
        }
        let pages = Pages(seal: cursors), idempotency = Idempotency(ledger: idempotency)
        let signIns = SignInReplies(sessionLifetime: sessionLifetime)
        health.mount(open: open)
        KeyHandlers(tokens: accessTokens).mount(open: open)
        AccountHandlers(
            accounts: accounts.accounts, sessions: accounts.sessions, gatekeeper: gatekeeper, countries: countries,
            signIns: signIns
        ).mount(on: open)
        FederationHandlers(
            federation: accounts.federation, persons: accounts.persons, gatekeeper: gatekeeper, signIns: signIns
        )
        .mount(open: open, person: person)
        PersonHandlers(
            persons: accounts.persons, sessions: accounts.sessions, idempotency: idempotency, gatekeeper: gatekeeper,
            countries: countries
        ).mount(on: person)
        TeamHandlers(teams: accounts.teams).mount(open: open, person: person, tenant: tenant)
        SecondFactorHandlers(factors: accounts.factors, gatekeeper: gatekeeper).mount(on: person)
        APIKeyHandlers(keys: accounts.keys, gatekeeper: gatekeeper).mount(open: open, person: person)
        ClosingHandlers(closing: accounts.closing).mount(on: person)
        BusinessHandlers(businesses: accounts.businesses).mount(on: tenant)
        AuditHandlers(audit: audit, pages: pages).mount(on: tenant)
        let streams = Streams(perTenant: streamsPerTenant, isDraining: isDraining)
        DataExportHandlers(exports: accounts.exports, gatekeeper: gatekeeper, streams: streams).mount(on: person)
        CustomerHandlers(
            customers: customers.customers, customFields: customers.customFields, idempotency: idempotency,
            pages: pages,
            streams: streams, gatekeeper: gatekeeper
        ).mount(on: tenant)
        CustomerOperationHandlers(
            operations: customers.operations, customFields: customers.customFields, idempotency: idempotency,
            pages: pages
        ).mount(on: tenant)
        DuplicateHandlers(
            duplicates: customers.duplicates, merges: customers.merges, idempotency: idempotency, pages: pages
        ).mount(on: tenant)
        CustomFieldHandlers(customFields: customers.customFields).mount(on: tenant)
        InteractionHandlers(interactions: customers.interactions, idempotency: idempotency, pages: pages).mount(
            on: tenant)
        FollowUpHandlers(followUps: customers.followUps, idempotency: idempotency, pages: pages).mount(on: tenant)
        TodayHandlers(today: customers.today).mount(on: tenant)
        DealHandlers(deals: customers.deals, idempotency: idempotency, pages: pages).mount(on: tenant)
        PipelineHandlers(pipelines: customers.pipelines, idempotency: idempotency).mount(on: tenant)
        BoardHandlers(boards: customers.boards, pages: pages).mount(on: tenant)
        CustomerImportHandlers(
            imports: customers.imports, idempotency: idempotency, pages: pages, streams: streams, gatekeeper: gatekeeper
        ).mount(on: tenant)
        ConsentHandlers(consent: customers.consent, idempotency: idempotency, pages: pages).mount(on: tenant)
        SegmentHandlers(
            segments: customers.segments, customFields: customers.customFields, idempotency: idempotency, pages: pages
        ).mount(on: tenant)
        ConsentNoticeHandlers(notices: customers.consentNotices, idempotency: idempotency, pages: pages).mount(
            on: tenant)
        LedgerHandlers(ledger: customers.ledger, idempotency: idempotency, pages: pages).mount(on: tenant)
        LedgerPaperHandlers(ledger: customers.ledger, businesses: accounts.businesses, streams: streams)
            .mount(on: tenant)
        return API(
            table, isEncrypted: isEncrypted, logger: logger, accessLog: accessLog, metrics: metrics,
            gatekeeper: gatekeeper, requestsPerAddress: requestsPerAddress, crossOrigin: crossOrigin, files: files)
    }
}

/// What operators see, on a listener of its own that is never public.
package enum AdminAPI {
    package static func make(health: HealthHandlers, prometheus: Prometheus, logger: Logger) -> API {
        let table = RouteTable()
        let open = RouteGroup<OpenContext>(table) { _, _ in .now(OpenContext()) }
        health.mount(open: open)
        MetricsHandlers(prometheus: prometheus).mount(open: open)
        return API(
            table, isEncrypted: false, logger: logger, accessLog: nil, metrics: NOOPMetricsHandler.instance)
    }
}
