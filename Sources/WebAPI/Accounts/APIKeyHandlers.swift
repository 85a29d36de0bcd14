// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// Keys by which programs of a business come in.
struct APIKeyHandlers: Sendable {
    let keys: APIKeyService
    let gatekeeper: Gatekeeper

    func mount(open: RouteGroup<OpenContext>, person: RouteGroup<PersonContext>) {
        person.get("/v1/api-keys", operation: "listAPIKeys", access: .permission(.keysManage), list)
        person.post(
            "/v1/api-keys", operation: "makeAPIKey", access: .permission(.keysManage), repeating: .harmless,
            body: .small, make)
        person.post(
            "/v1/api-keys/{key_id}/replace", operation: "replaceAPIKey", access: .permission(.keysManage),
            repeating: .harmless, body: .nothing, replace)
        person.delete(
            "/v1/api-keys/{key_id}", operation: "revokeAPIKey", access: .permission(.keysManage), revoke)
        open.post(
            "/v1/api-keys/revoke-leaked", operation: "revokeLeakedAPIKey", access: .everyone, repeating: .harmless,
            body: .small, revokeLeaked)
    }

    func list(_ request: Request, _ context: PersonContext) async throws -> Response {
        .json(ListOutput(elements: try await keys.list(for: context.person).map { APIKeyOutput(key: $0) }))
    }

    struct MakeInput: Decodable {
        let name: String, scopes: [String], networks: [String]?, expiresAt: String?
        enum CodingKeys: String, CodingKey { case name, scopes, networks, expiresAt = "expires_at" }
    }

    func make(_ request: Request, _ context: PersonContext) async throws -> Response {
        let input = try request.json(MakeInput.self)
        let new = try NewAPIKey(
            name: input.name, scopes: input.scopes, networks: input.networks ?? [], expiresAt: input.expiresAt)
        let (key, text) = try await keys.make(new, by: context.person)
        return .json(APIKeyOutput(key: key, text: text), status: .created)
    }

    func replace(_ request: Request, _ context: PersonContext) async throws -> Response {
        let (key, text) = try await keys.replace(id(request), by: context.person)
        return .json(APIKeyOutput(key: key, text: text), status: .created)
    }

    func revoke(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await keys.revoke(id(request), by: context.person)
        return Response(.noContent)
    }

    struct LeakedInput: Decodable { let key: String }

    func revokeLeaked(_ request: Request, _ context: OpenContext) async throws -> Response {
        try gatekeeper.admitSignIn(request)
        let text = try request.json(LeakedInput.self).key
        guard text.utf8.count <= 256 else { throw FieldError("/key", "too_long", "At most 256 bytes.") }
        try await keys.revokeLeaked(text)
        return Response(.noContent)
    }

    private func id(_ request: Request) throws -> APIKeyID {
        guard let id = APIKeyID(request.parameter("key_id")) else { throw APIKeyError.unknown }
        return id
    }
}

/// `{"id": "key_…", "name": "Till", "scopes": ["customers:read"], "last_four": "x7Qa", …}`, and once, when it is made,
/// `"key": "unn_live_…"`.
struct APIKeyOutput: JSONWritable {
    let key: APIKey
    var text: Secret<String>?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", key.id)
            json.member("name", key.name)
            json.member("scopes", key.scopes.map(\.rawValue))
            json.member("networks", key.networks)
            json.member("last_four", key.lastFour)
            json.member("replaces", key.replaces?.description)
            json.member("created_by", key.createdBy)
            json.member("created_at", key.createdAt)
            if let expiresAt = key.expiresAt { json.member("expires_at", expiresAt) }
            if let lastUsedAt = key.lastUsedAt { json.member("last_used_at", lastUsedAt) }
            json.member("key", text?.reveal())
        }
    }
}
