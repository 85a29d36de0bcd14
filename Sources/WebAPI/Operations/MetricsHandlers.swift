// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes
import Telemetry

/// For Prometheus, on the admin listener only.
package struct MetricsHandlers: Sendable {
    private let prometheus: Prometheus

    package init(prometheus: Prometheus) { self.prometheus = prometheus }

    package func mount(open: RouteGroup<OpenContext>) {
        open.get("/metrics", operation: "getMetrics", access: .everyone) { [prometheus] _, _ in
            .text(prometheus.text(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
