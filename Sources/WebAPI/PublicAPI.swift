// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import CRM
import Core
import HTTPMessage
import Logging
import Metrics
import Telemetry
import Tokens

/// The API that `openapi.yaml` describes, put together from its parts.
package enum PublicAPI {
    package static func make(
        accounts: AccountService, customers: CustomerService, imports: CustomerImportService,
        accessTokens: AccessTokens,
        revocations: SessionRevocations, cursors: CursorSeal, health: HealthHandlers, logger: Logger,
        accessLog: LogSink?,
        metrics: any MetricsFactory
    ) -> API {
        let table = RouteTable()
        let authenticator = Authenticator(tokens: accessTokens, revocations: revocations)
        let open = RouteGroup<OpenContext>(table) { _ in OpenContext() }
        let tenant = RouteGroup<TenantContext>(table) { try await authenticator.authenticate($0) }
        let pages = Pages(seal: cursors)
        health.mount(open: open)
        KeyHandlers(tokens: accessTokens).mount(open: open)
        AccountHandlers(accounts: accounts).mount(open: open, tenant: tenant)
        CustomerHandlers(customers: customers, pages: pages).mount(on: tenant)
        CustomerImportHandlers(imports: imports, pages: pages).mount(on: tenant)
        return API(table, logger: logger, accessLog: accessLog, metrics: metrics)
    }
}

/// What operators see, on a listener of its own that is never public.
package enum AdminAPI {
    package static func make(health: HealthHandlers, prometheus: Prometheus, logger: Logger) -> API {
        let table = RouteTable()
        let open = RouteGroup<OpenContext>(table) { _ in OpenContext() }
        health.mount(open: open)
        MetricsHandlers(prometheus: prometheus).mount(open: open)
        return API(table, logger: logger, accessLog: nil, metrics: NOOPMetricsHandler.instance)
    }
}
