// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON
import Tokens

/// What customers are told before they agree.
package struct ConsentNoticeHandlers: Sendable {
    let notices: ConsentNoticeService
    let idempotency: Idempotency
    let pages: Pages

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/consent-notices", operation: "listConsentNotices", access: .customersRead, list)
        tenant.post(
            "/v1/consent-notices", operation: "publishConsentNotice", access: .consentManage, repeating: .byKey, publish
        )
        tenant.get("/v1/consent-notices/{notice_id}", operation: "getConsentNotice", access: .customersRead, get)
    }

    private static let shape = ListShape<ConsentPurpose?>(
        "consent_notices",
        fields: [
            ListField("purpose", [.equal]) { filter, _, values, pointer throws(FieldError) in
                guard let purpose = ConsentPurpose(rawValue: values[0]) else {
                    let names = ConsentPurpose.allCases.map(\.rawValue).joined(separator: ", ")
                    throw FieldError(pointer, "invalid_value", "One of \(names).")
                }
                filter = purpose
            }
        ])

    package static let parameterNames = shape.parameterNames

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        let list = try Self.shape.read(request, nil, for: context.caller)
        let before: ConsentNotice.ID? = try pages.id(of: list)
        let found = try await notices.page(of: list.filter, before: before, limit: list.limit, for: context.caller)
        return pages.response(found, of: list, request, at: { $0.id.uuid.bytes }) { Self.write($0, to: &$1) }
    }

    func publish(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(ConsentNoticeInput.self).checked()
        let write = try idempotency.write(request, by: context.caller)
        return try await notices.publish(input.wordings, for: input.purpose, by: context.caller) { tx, publish in
            try write.once(in: tx) {
                let notice = try publish()
                return Self.response(notice, status: .created).located(at: "/v1/consent-notices/\(notice.id)")
            }
        }
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        guard let id = ConsentNotice.ID(request.parameter("notice_id")) else { throw ConsentNoticeError.unknown }
        return Self.response(try await notices.find(id, for: context.caller))
    }

    /// `{"id": "ntc_…", "purpose": "marketing", "version": 2, "is_current": true, "languages": ["en", "hi"], "published_at": "…", "actor":
    /// "person", "actor_id": "usr_…", "texts": [{"language": "en", "text": "…"}, …]}`; in a list without the texts.
    private static func write(_ notice: ConsentNotice, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", notice.id)
            json.member("purpose", notice.purpose.rawValue)
            json.member("version", notice.version)
            json.member("is_current", notice.isCurrent)
            json.member("languages", notice.languages.map(\.rawValue))
            if let at = notice.publishedAt { json.member("published_at", at) }
            if let actor = notice.actor { ActorOutput.write(actor, notice.actorID, to: &json) }
            if !notice.wordings.isEmpty { json.member("texts") { write(notice.wordings, to: &$0) } }
        }
    }

    private static func write(_ wordings: [ConsentNotice.Wording], to json: inout JSONWriter) {
        json.array { json in
            for wording in wordings {
                json.object { json in
                    json.member("language", wording.language.rawValue)
                    json.member("text", wording.text)
                }
            }
        }
    }

    private static func response(_ notice: ConsentNotice, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 8_192)
        write(notice, to: &json)
        return .json(bytes: json.bytes, status: status)
    }
}

/// `{"purpose": "marketing", "texts": [{"language": "en", "text": "…"}, {"language": "hi", "text": "…"}]}`
private struct ConsentNoticeInput: Decodable {
    struct Wording: Decodable { let language: String, text: String }

    let purpose: String, texts: [Wording]

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> (purpose: ConsentPurpose, wordings: [ConsentNotice.Wording]) {
        var validation = Validation()
        let purpose: ConsentPurpose? = validation.word(purpose, at: "/purpose")
        var wordings: [ConsentNotice.Wording] = []
        for (index, input) in texts.prefix(Language.allCases.count + 1).enumerated() {
            let known = Set(wordings.map(\.language))
            let language = validation.check { () throws(FieldError) in
                let pointer = "/texts/\(index)/language"
                let language = try CustomerFields.language(input.language, at: pointer)
                guard !known.contains(language) else {
                    throw FieldError(pointer, "repeated", "One text for each language.")
                }
                return language
            }
            let text = validation.check { () throws(FieldError) in
                try Text(
                    input.text, at: "/texts/\(index)/text", maximumBytes: ConsentNotice.maximumTextBytes,
                    multiline: true
                ).value
            }
            if let language, let text { wordings.append(ConsentNotice.Wording(language: language, text: text)) }
        }
        if !ConsentNotice.neededLanguages.allSatisfy({ needed in texts.contains { $0.language == needed.rawValue } }) {
            validation.fail(FieldError("/texts", "required", "In English (en) and in Hindi (hi) at least."))
        }
        try validation.finish()
        guard let purpose else { throw ValidationError([]) }
        return (purpose, wordings)
    }
}
