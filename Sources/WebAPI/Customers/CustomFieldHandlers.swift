// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// The fields that a business has added to its customers.
struct CustomFieldHandlers: Sendable {
    let customFields: CustomFieldService

    func mount(on tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/customer-fields", operation: "listCustomFields", access: .customersRead, list)
        tenant.post(
            "/v1/customer-fields", operation: "addCustomField", access: .customFieldsManage, repeating: .harmless, add)
        tenant.get("/v1/customer-fields/{field_id}", operation: "getCustomField", access: .customersRead, get)
        tenant.patch(
            "/v1/customer-fields/{field_id}", operation: "updateCustomField", access: .customFieldsManage, update)
        tenant.delete(
            "/v1/customer-fields/{field_id}", operation: "removeCustomField", access: .customFieldsManage, remove)
    }

    func list(_ request: Request, _ context: TenantContext) async throws -> Response {
        _ = try request.query()
        let fields = try await customFields.all(for: context.caller)
        var json = JSONWriter()
        json.object { json in
            json.member("data") { json in json.array { json in for field in fields { write(field, to: &json) } } }
        }
        return .json(bytes: json.bytes)
    }

    func add(_ request: Request, _ context: TenantContext) async throws -> Response {
        let input = try request.json(CustomFieldInput.self).checked()
        let field = try await customFields.add(
            key: input.key, label: input.label, kind: input.kind, choices: input.choices, position: input.position,
            for: context.caller)
        return response(field, status: .created).located(at: "/v1/customer-fields/\(field.id)")
    }

    func get(_ request: Request, _ context: TenantContext) async throws -> Response {
        let field = try await customFields.find(id(request), for: context.caller)
        return response(field).ofVersion(field.version, to: request)
    }

    func update(_ request: Request, _ context: TenantContext) async throws -> Response {
        let id = try id(request)
        let expected = try EntityVersion.required(by: request, orElse: CustomFieldError.changed)
        let change = try request.json(CustomFieldChange.self)
        return response(
            try await customFields.update(id, version: expected.version, for: context.caller) {
                try change.applied(to: $0)
            })
    }

    func remove(_ request: Request, _ context: TenantContext) async throws -> Response {
        try await customFields.remove(id(request), for: context.caller)
        return Response(.noContent)
    }

    private func id(_ request: Request) throws -> CustomField.ID {
        guard let id = CustomField.ID(request.parameter("field_id")) else { throw CustomFieldError.unknown }
        return id
    }

    /// `{"id": "fld_…", "key": "size", "label": "Blouse size", "kind": "number", "position": 1, "version": 1}`
    private func write(_ field: CustomField, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", field.id)
            json.member("key", field.key)
            json.member("label", field.label)
            json.member("kind", field.kind.rawValue)
            if field.kind == .choice { json.member("choices", field.choices) }
            json.member("position", field.position)
            json.member("version", field.version)
        }
    }

    private func response(_ field: CustomField, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(field, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(field.version)
    }
}

private struct CustomFieldInput: Decodable {
    let key: String, label: String, kind: String, choices: [String]?, position: Int?

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> (key: String, label: String, kind: CustomField.Kind, choices: [String], position: Int?) {
        var validation = Validation()
        let key = validation.check { () throws(FieldError) in try CustomField.key(self.key) }
        let label = validation.check { () throws(FieldError) in try CustomField.label(self.label) }
        let kind = validation.check { () throws(FieldError) in
            guard let kind = CustomField.Kind(rawValue: self.kind) else {
                let names = CustomField.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError("/kind", "invalid_value", "One of \(names).")
            }
            return kind
        }
        var read: [String] = []
        if kind == .choice {
            read = validation.check { () throws(FieldError) in try CustomField.choices(choices ?? []) } ?? []
        } else if choices != nil, kind != nil {
            validation.fail(FieldError("/choices", "not_allowed", "Only a field of kind choice has choices."))
        }
        let position = position.flatMap { number in
            validation.check { () throws(FieldError) in try CustomFieldChange.position(number) }
        }
        try validation.finish()
        guard let key, let label, let kind else { throw ValidationError([]) }
        return (key, label, kind, read, position)
    }
}

private struct CustomFieldChange: Decodable, Sendable {
    let label: Change<String>, choices: Change<[String]>, position: Change<Int>

    enum CodingKeys: String, CodingKey { case label, choices, position }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        label = try members.decodeChange(String.self, forKey: .label)
        choices = try members.decodeChange([String].self, forKey: .choices)
        position = try members.decodeChange(Int.self, forKey: .position)
    }

    static func position(_ number: Int) throws(FieldError) -> Int {
        guard (0...1_000_000).contains(number) else {
            throw FieldError("/position", "out_of_range", "A whole number from 0 to 1000000.")
        }
        return number
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to field: CustomField) throws -> CustomField {
        var field = field
        var validation = Validation()
        field.label = label.applied(to: field.label, cleared: field.label, noting: &validation) {
            text throws(FieldError) in try CustomField.label(text)
        }
        if case .clear = label { validation.fail(FieldError("/label", "required", "A field always has a label.")) }
        let isChoice = field.kind == .choice
        field.choices = choices.applied(to: field.choices, cleared: field.choices, noting: &validation) {
            texts throws(FieldError) in
            guard isChoice else {
                throw FieldError("/choices", "not_allowed", "Only a field of kind choice has choices.")
            }
            return try CustomField.choices(texts)
        }
        if case .clear = choices, isChoice {
            validation.fail(FieldError("/choices", "required", "A field of kind choice has choices."))
        }
        field.position = position.applied(to: field.position, cleared: field.position, noting: &validation) {
            number throws(FieldError) in try Self.position(number)
        }
        try validation.finish()
        return field
    }
}
