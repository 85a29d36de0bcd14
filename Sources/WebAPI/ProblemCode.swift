// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Every way a request can fail, as clients see it. A code is never renamed and never given a second meaning; each stands
/// in `openapi.yaml`.
package enum ProblemCode: String, Sendable, CaseIterable {
    // The request itself
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case jsonLimitExceeded = "json_limit_exceeded"
    case jsonDuplicateKey = "json_duplicate_key"
    case jsonForbiddenCharacter = "json_forbidden_character"
    case unsupportedMediaType = "unsupported_media_type"
    case invalidQuery = "invalid_query"
    case cursorMismatch = "cursor_mismatch"
    case validationFailed = "validation_failed"
    case bodyInterrupted = "body_interrupted"
    case contentTooLarge = "content_too_large"
    case uriTooLong = "uri_too_long"
    case headersTooLarge = "headers_too_large"
    case requestTimeout = "request_timeout"
    case expectationFailed = "expectation_failed"
    case routeUnknown = "route_unknown"
    case methodNotAllowed = "method_not_allowed"
    case methodUnknown = "method_unknown"
    case versionNotSupported = "version_not_supported"
    case preconditionRequired = "precondition_required"
    case idempotencyKeyInvalid = "idempotency_key_invalid"
    case idempotencyKeyInProgress = "idempotency_key_in_progress"
    case batchRefused = "batch_refused"
    case idempotencyKeyReused = "idempotency_key_reused"

    // Who is asking
    case tokenMissing = "token_missing"
    case tokenInvalid = "token_invalid"
    case tokenExpired = "token_expired"
    case tokenOutdated = "token_outdated"
    case permissionDenied = "permission_denied"
    case personNeeded = "person_needed"
    case originDenied = "origin_denied"
    case networkDenied = "network_denied"
    case sessionEnded = "session_ended"
    case credentialsWrong = "credentials_wrong"
    case refreshTokenInvalid = "refresh_token_invalid"
    case refreshTokenReused = "refresh_token_reused"
    case tenantUnknown = "tenant_unknown"
    case identityTaken = "identity_taken"
    case codeWrong = "code_wrong"
    case challengeOver = "challenge_over"
    case cannotSend = "cannot_send"
    case passwordWrong = "password_wrong"
    case confirmationNeeded = "confirmation_needed"
    case signInBlocked = "sign_in_blocked"
    case secondFactorRequired = "second_factor_required"
    case secondFactorWrong = "second_factor_wrong"
    case secondFactorBlocked = "second_factor_blocked"
    case secondFactorUnknown = "second_factor_unknown"
    case secondFactorInForce = "second_factor_in_force"
    case ticketInvalid = "ticket_invalid"
    case sessionUnknown = "session_unknown"
    case businessChanged = "business_changed"

    // Who works together
    case memberUnknown = "member_unknown"
    case invitationUnknown = "invitation_unknown"
    case lastOwner = "last_owner"
    case roleNotGoverned = "role_not_governed"
    case invitationForAnother = "invitation_for_another"
    case alreadyMember = "already_member"
    case tooManyInvitations = "too_many_invitations"

    // Programs
    case apiKeyUnknown = "api_key_unknown"
    case tooManyAPIKeys = "too_many_api_keys"
    case apiKeyBeingReplaced = "api_key_being_replaced"
    case scopeNotHeld = "scope_not_held"

    // Customers
    case customerUnknown = "customer_unknown"
    case customerPhoneTaken = "customer_phone_taken"
    case customerEmailTaken = "customer_email_taken"
    case customerChanged = "customer_changed"
    case customerImportUnknown = "customer_import_unknown"
    case customerFileUnusable = "customer_file_unusable"

    // The server
    case quotaExceeded = "quota_exceeded"
    case tooManyAtOnce = "too_many_at_once"
    case tooManyPasswords = "too_many_passwords"
    case overloaded
    case unavailable
    case outcomeUnknown = "outcome_unknown"
    case notReady = "not_ready"
    case timedOut = "timed_out"
    case internalError = "internal_error"
}
