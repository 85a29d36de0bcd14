// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database

enum TenantQueries {
    /// For what a business has only so many of: nobody else adds one until the transaction ends. Whoever only refers to the
    /// business goes on.
    static func lock(in tx: borrowing TenantTransaction) throws {
        try tx.execute("SELECT tenant_id FROM app.tenants WHERE tenant_id = \(tx.tenantID) FOR NO KEY UPDATE")
    }
}
