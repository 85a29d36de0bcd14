// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Something that not everybody in a business may do. Every route of a business names one; `openapi.yaml` says which, as
/// `x-permission`.
package enum Permission: String, Sendable, CaseIterable, CustomStringConvertible {
    case customersRead = "customers:read"
    case customersWrite = "customers:write"
    case customersDelete = "customers:delete"
    /// Have somebody forgotten.
    case customersErase = "customers:erase"
    /// Which fields the business has added to its customers.
    case customFieldsManage = "custom_fields:manage"
    /// What customers are told before they agree, and whether somebody who was not to be contacted may be again.
    case consentManage = "consent:manage"
    /// Which boards the business has, and their columns.
    case pipelinesManage = "pipelines:manage"
    /// Whole files in.
    case customersImport = "customers:import"
    /// The whole book out.
    case customersExport = "customers:export"
    /// Who owes how much, and what was given on credit and paid.
    case ledgerRead = "ledger:read"
    /// Write down what is given on credit and paid, and take it back.
    case ledgerWrite = "ledger:write"
    case businessRead = "business:read"
    case businessWrite = "business:write"
    case membersRead = "members:read"
    /// Invite, give roles, remove; within what ``Role/governs(_:)`` allows.
    case membersManage = "members:manage"
    /// Make and revoke API keys.
    case keysManage = "keys:manage"
    /// Read what was done by whom.
    case auditRead = "audit:read"
    /// Give the business away, or close it.
    case businessOwn = "business:own"
    /// Open it again.
    case businessReopen = "business:reopen"
    /// Take along all that is kept about it.
    case businessExport = "business:export"

    package var description: String { rawValue }
}

extension Role {
    /// Who may do what: the one place where that is said.
    private static let table: [(permission: Permission, roles: Set<Role>)] = [
        (.customersRead, [.owner, .manager, .staff, .viewer]),
        (.customersWrite, [.owner, .manager, .staff]),
        (.customersDelete, [.owner, .manager]),
        (.customersErase, [.owner]),
        (.customFieldsManage, [.owner, .manager]),
        (.consentManage, [.owner, .manager]),
        (.pipelinesManage, [.owner, .manager]),
        (.customersImport, [.owner, .manager]),
        (.customersExport, [.owner]),
        (.ledgerRead, [.owner, .manager, .staff, .viewer]),
        (.ledgerWrite, [.owner, .manager, .staff]),
        (.businessRead, [.owner, .manager, .staff, .viewer]),
        (.businessWrite, [.owner, .manager]),
        (.membersRead, [.owner, .manager, .staff, .viewer]),
        (.membersManage, [.owner, .manager]),
        (.keysManage, [.owner]),
        (.auditRead, [.owner]),
        (.businessOwn, [.owner]),
        (.businessReopen, [.closed]),
        (.businessExport, [.owner, .closed]),
    ]

    /// Looked up with every request.
    package static let permissions: [Role: Set<Permission>] = Dictionary(
        uniqueKeysWithValues: Role.allCases.map { role in
            (role, Set(table.filter { $0.roles.contains(role) }.map(\.permission)))
        })

    package func may(_ permission: Permission) -> Bool { Self.permissions[self]?.contains(permission) ?? false }
}
