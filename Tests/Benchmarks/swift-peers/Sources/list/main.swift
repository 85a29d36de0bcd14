// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.
//
// The token is checked with each request, the tenant set for the transaction, and the rows read under row security.

import Foundation
import Hummingbird
import JWTKit
import Logging

struct Claims: JWTPayload {
    let iss: IssuerClaim
    let aud: AudienceClaim
    let exp: ExpirationClaim
    let tid: String

    func verify(using algorithm: some JWTAlgorithm) throws {
        guard iss.value == "unnati" else { throw Refused() }
        try aud.verifyIntendedAudience(includes: "unnati-api")
        try exp.verifyNotExpired()
    }
}

struct Customer: Encodable {
    let id: UUID
    let name, phone, email: String?
    let stage: String
    let tags: [String]
    let notes: String?
    let version: Int
    let createdAt, updatedAt: Date

    enum CodingKeys: String, CodingKey {
        case id, name, phone, email, stage, tags, notes, version
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

struct Page: ResponseEncodable {
    let data: [Customer]
    let hasMore: Bool

    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }
}

let environment = ProcessInfo.processInfo.environment
let pool = try Pool(environment["LIST_DATABASE_URL"] ?? "", size: 4)
let keys = JWTKeyCollection()
try await keys.add(jwks: JSONDecoder().decode(JWKS.self, from: Data((environment["LIST_JWKS"] ?? "").utf8)))

let router = Router()
router.get("/livez") { _, _ in "alive" }
router.get("/v1/customers") { request, _ in
    guard let token = request.headers[.authorization]?.split(separator: " ").last,
        let claims = try? await keys.verify(String(token), as: Claims.self)
    else { throw HTTPError(.unauthorized) }
    let hex = claims.tid.dropFirst(4)
    let groups = [8, 12, 16, 20].reversed().reduce(into: String(hex)) { text, offset in
        text.insert("-", at: text.index(text.startIndex, offsetBy: offset))
    }
    guard let tenant = UUID(uuidString: groups) else { throw HTTPError(.unauthorized) }
    let limit = request.uri.queryParameters.get("limit", as: Int.self) ?? 25
    let rows = try await pool.customers(of: tenant, limit: limit + 1)
    return Page(data: Array(rows.prefix(limit)), hasMore: rows.count > limit)
}

var logger = Logger(label: "list")
logger.logLevel = .error
let app = Application(
    router: router,
    configuration: .init(address: .hostname("127.0.0.1", port: Int(CommandLine.arguments[1]) ?? 9_090)), logger: logger)
try await app.runService()
