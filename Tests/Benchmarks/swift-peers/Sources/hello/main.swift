// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Hummingbird
import Logging

struct Health: ResponseEncodable {
    let status: String
}

let router = Router()
router.get("/livez") { _, _ in Health(status: "alive") }

var logger = Logger(label: "hello")
logger.logLevel = .error
let app = Application(
    router: router,
    configuration: .init(address: .hostname("127.0.0.1", port: Int(CommandLine.arguments[1]) ?? 9_090)), logger: logger)
try await app.runService()
