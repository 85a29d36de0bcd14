// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Admission
import CRM
import Core
import Database
import HTTPOutbound
import HTTPTransport
import Jobs
import Passwords
import Tokens

/// Everything a server can be told. Each room receives its own part and nothing else.
package struct Configuration: Sendable {
    package var database: DatabaseConfiguration
    /// `DATABASE_WORKER_URL`: for the role `unnati_worker`, which claims jobs. Nil with `JOBS=off`: other processes do them.
    package var workerURL: Secret<String>?
    package var jobs = JobWorker.Configuration()
    package var http = HTTPServerConfiguration()
    /// `ADMIN_HOST` and `ADMIN_PORT`: where `/livez`, `/readyz` and `/metrics` answer operators. Never public.
    package var admin = HTTPServerConfiguration()
    /// `HTTP_LOOPS`, 1...64: event loops that connections are spread over.
    package var loops = 2
    package var passwords = PasswordConfiguration()
    package var tokens = TokenConfiguration()
    package var rates = RateLimits()
    package var messages = MessageSettings()
    /// `PROMOTION_HOURS` and `PROMOTION_HOURS_WHATSAPP`: when messages that advertise may go out.
    package var promotionHours = PromotionHours()
    /// How other people's servers are called.
    package var outbound = OutboundConfiguration()
    /// `GOOGLE_CLIENT_ID` and what goes with it. Nil: nobody comes in by Google.
    package var google: OpenIDSettings?
    /// `WEB_DIRECTORY`: files for browsers, as `docker/local/web` makes them. Nil: there are none.
    package var webDirectory: String?
    /// `STREAMS_PER_TENANT`, 1...10 000: exports and event streams of one business at once, on each server.
    package var streamsPerTenant = 16
    /// `CORS_ORIGINS`: origins of web pages that may call, such as `https://app.example.in`, with commas between.
    package var origins: [String] = []
    /// `KEYS_DIRECTORY`: the server's own keys.
    package var keysDirectory = ".local/keys"
    /// `MIGRATIONS_DIRECTORY`: the SQL files this build goes with.
    package var migrationsDirectory = "sql"
    /// `ACCESS_LOG`: one line for each request.
    package var writesAccessLog = true

    package init(database: DatabaseConfiguration) {
        self.database = database
        admin.port = 8_081
        admin.connections = 64
    }
}
