// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// Who works in a business, and who is invited.
struct TeamHandlers: Sendable {
    let teams: TeamService

    func mount(open: RouteGroup<OpenContext>, person: RouteGroup<PersonContext>, tenant: RouteGroup<TenantContext>) {
        tenant.get("/v1/members", operation: "listMembers", access: .membersRead, members)
        person.patch(
            "/v1/members/{user_id}", operation: "updateMember", access: .permission(.membersManage), body: .small,
            update)
        person.delete(
            "/v1/members/{user_id}", operation: "removeMember", access: .permission(.membersManage), remove)
        person.post(
            "/v1/business/leave", operation: "leaveBusiness", access: .person, repeating: .harmless,
            body: .nothing, leave)
        person.post(
            "/v1/business/transfer", operation: "transferBusiness", access: .permission(.businessOwn),
            repeating: .harmless, body: .small, transfer)
        person.get("/v1/invitations", operation: "listInvitations", access: .permission(.membersManage), invitations)
        person.post(
            "/v1/invitations", operation: "invite", access: .permission(.membersManage), repeating: .harmless,
            body: .small, invite)
        person.delete(
            "/v1/invitations/{invitation_id}", operation: "takeInvitationBack", access: .permission(.membersManage),
            takeBack)
        person.post(
            "/v1/invitations/accept", operation: "acceptInvitation", access: .person, repeating: .harmless,
            body: .small, accept)
        open.post(
            "/v1/invitations/preview", operation: "previewInvitation", access: .everyone, repeating: .harmless,
            body: .small, preview)
    }

    // MARK: - Members

    func members(_ request: Request, _ context: TenantContext) async throws -> Response {
        let members = try await teams.members(for: context.caller)
        return .json(ListOutput(elements: members.map { MemberOutput(member: $0) }))
    }

    struct UpdateInput: Decodable { let role: String }

    func update(_ request: Request, _ context: PersonContext) async throws -> Response {
        let role = try Self.role(try request.json(UpdateInput.self).role)
        return .json(MemberOutput(member: try await teams.change(member(request), to: role, by: context.person)))
    }

    func remove(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await teams.remove(member(request), by: context.person)
        return Response(.noContent)
    }

    func leave(_ request: Request, _ context: PersonContext) async throws -> Response {
        try await teams.leave(context.person)
        return Response(.noContent)
    }

    struct TransferInput: Decodable {
        let userID: String
        enum CodingKeys: String, CodingKey { case userID = "user_id" }
    }

    func transfer(_ request: Request, _ context: PersonContext) async throws -> Response {
        guard let heir = UserID(try request.json(TransferInput.self).userID) else { throw TeamError.memberUnknown }
        try await teams.transfer(to: heir, by: context.person)
        return Response(.noContent)
    }

    private func member(_ request: Request) throws -> UserID {
        guard let id = UserID(request.parameter("user_id")) else {
            throw TeamError.memberUnknown
        }
        return id
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text), Role.given.contains(role) else {
            throw FieldError(
                "/role", "invalid_role", "One of \(Role.given.map(\.rawValue).joined(separator: ", ")).")
        }
        return role
    }

    // MARK: - Invitations

    func invitations(_ request: Request, _ context: PersonContext) async throws -> Response {
        let found = try await teams.invitations(for: context.caller)
        return .json(ListOutput(elements: found.map { InvitationOutput(invitation: $0) }))
    }

    struct InviteInput: Decodable { let role: String, phone: String?, email: String? }

    func invite(_ request: Request, _ context: PersonContext) async throws -> Response {
        let input = try request.json(InviteInput.self), role = try Self.role(input.role)
        let isForAnybody = input.phone == nil && input.email == nil
        let identity = isForAnybody ? nil : try IdentityInput(phone: input.phone, email: input.email).identity()
        let (invitation, token) = try await teams.invite(as: role, identity, by: context.person)
        return .json(InvitationOutput(invitation: invitation, token: token), status: .created)
    }

    func takeBack(_ request: Request, _ context: PersonContext) async throws -> Response {
        guard let id = Invitation.ID(request.parameter("invitation_id")) else {
            throw TeamError.invitationUnknown
        }
        try await teams.takeBack(id, by: context.person)
        return Response(.noContent)
    }

    struct TokenInput: Decodable { let token: String }

    func accept(_ request: Request, _ context: PersonContext) async throws -> Response {
        let token = try request.json(TokenInput.self).token
        return .json(TenantOutput(membership: try await teams.accept(token, by: context.person.userID)))
    }

    func preview(_ request: Request, _ context: OpenContext) async throws -> Response {
        .json(InvitationPreviewOutput(preview: try await teams.preview(try request.json(TokenInput.self).token)))
    }
}

/// `{"data": […]}`, for lists that are short by their nature.
struct ListOutput<Element: JSONWritable>: JSONWritable {
    let elements: [Element]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("data") { json in json.array { json in for element in elements { element.write(to: &json) } } }
        }
    }
}

/// `{"id": "usr_…", "name": "Ravi", "phone": "+91…", "role": "staff", "since": "2026-01-31T10:00:00.000Z"}`
struct MemberOutput: JSONWritable {
    let member: Member

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", member.id)
            json.member("name", member.name)
            json.member("phone", member.phone?.e164)
            json.member("email", member.email?.address)
            json.member("role", member.role.rawValue)
            json.member("since", member.since)
        }
    }
}

/// `{"id": "inv_…", "role": "staff", "phone": "+91…", "invited_by": "usr_…", …}`, and once, when it is made, `"token": "it_…"`.
struct InvitationOutput: JSONWritable {
    let invitation: Invitation
    var token: Secret<String>?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", invitation.id)
            json.member("role", invitation.role.rawValue)
            switch invitation.identity {
            case .phone(let phone)?: json.member("phone", phone.e164)
            case .email(let email)?: json.member("email", email.address)
            case nil: break
            }
            json.member("invited_by", invitation.invitedBy)
            json.member("created_at", invitation.createdAt)
            json.member("expires_at", invitation.expiresAt)
            json.member("token", token?.reveal())
        }
    }
}

/// `{"business_name": "Meera Tailors", "role": "staff"}`: no more than whoever was given the link should know.
struct InvitationPreviewOutput: JSONWritable {
    let preview: InvitationPreview

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("business_name", preview.businessName)
            json.member("role", preview.role.rawValue)
        }
    }
}
