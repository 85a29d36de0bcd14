// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

enum BusinessQueries {
    static func find(in tx: borrowing TenantTransaction) throws -> Business {
        let hours = try tx.all(
            "SELECT day, opens, closes FROM app.business_hours WHERE tenant_id = \(tx.tenantID) ORDER BY day, opens"
        ) { row in
            let number: Int = try row.decode("day"), opens: Int = try row.decode("opens")
            guard let day = Weekday(rawValue: number) else { throw DatabaseError.decoding(column: "day") }
            return OpeningHours(day: day, opens: opens, closes: try row.decode("closes"))
        }
        return try tx.one(
            """
            SELECT t.name, t.staff_see_own_customers, p.trade, p.address, p.city, p.state, p.pin_code, p.gstin, coalesce(p.languages, '{}') AS languages,
                   p.upi_id, p.tone, coalesce(p.version, 0) AS version
            FROM app.tenants AS t LEFT JOIN app.business_profiles AS p ON p.tenant_id = t.tenant_id
            WHERE t.tenant_id = \(tx.tenantID)
            """
        ) { [id = tx.tenantID] row in
            var fields = BusinessFields(name: try row.decode("name"))
            fields.staffSeeOwnCustomers = try row.decode("staff_see_own_customers")
            fields.trade = (try row.decodeIfPresent("trade") as String?).flatMap { Trade(rawValue: $0) }
            fields.address = try row.decodeIfPresent("address")
            fields.city = try row.decodeIfPresent("city")
            fields.state = try row.decodeIfPresent("state")
            fields.pinCode = (try row.decodeIfPresent("pin_code") as String?).map { PINCode(stored: $0) }
            fields.gstin = (try row.decodeIfPresent("gstin") as String?).map { GSTIN(stored: $0) }
            fields.languages = (try row.decode("languages") as TextArray).elements.compactMap { Language(rawValue: $0) }
            fields.hours = hours
            fields.upiID = (try row.decodeIfPresent("upi_id") as String?).map { UPIAddress(stored: $0) }
            fields.tone = (try row.decodeIfPresent("tone") as String?).flatMap { Tone(rawValue: $0) }
            return Business(id: id, fields: fields, version: try row.decode("version"))
        }
    }

    /// Keeps the business as it is until the transaction ends.
    static func lock(in tx: borrowing TenantTransaction) throws {
        try tx.execute("SELECT tenant_id FROM app.tenants WHERE tenant_id = \(tx.tenantID) FOR UPDATE")
    }

    static func rename(_ name: String, in tx: borrowing TenantTransaction) throws {
        try tx.execute("UPDATE app.tenants SET name = \(name) WHERE tenant_id = \(tx.tenantID)")
    }

    static func letStaffSeeOwnCustomers(_ only: Bool, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            "UPDATE app.tenants SET staff_see_own_customers = \(only) WHERE tenant_id = \(tx.tenantID)")
    }

    static func put(_ fields: BusinessFields, in tx: borrowing TenantTransaction) throws {
        try tx.execute(
            """
            INSERT INTO app.business_profiles (tenant_id, trade, address, city, state, pin_code, gstin, languages, upi_id, tone)
            VALUES (\(tx.tenantID), \(fields.trade?.rawValue), \(fields.address), \(fields.city), \(fields.state),
                    \(fields.pinCode?.value), \(fields.gstin?.value), \(TextArray(fields.languages.map(\.rawValue))),
                    \(fields.upiID?.value), \(fields.tone?.rawValue))
            ON CONFLICT (tenant_id) DO UPDATE
            SET trade = excluded.trade, address = excluded.address, city = excluded.city, state = excluded.state,
                pin_code = excluded.pin_code, gstin = excluded.gstin, languages = excluded.languages, upi_id = excluded.upi_id,
                tone = excluded.tone, version = business_profiles.version + 1, updated_at = now()
            """)
    }

    static func replaceHours(_ hours: [OpeningHours], in tx: borrowing TenantTransaction) throws {
        try tx.execute("DELETE FROM app.business_hours WHERE tenant_id = \(tx.tenantID)")
        guard !hours.isEmpty else { return }
        var statement: Statement = "INSERT INTO app.business_hours (tenant_id, day, opens, closes) VALUES "
        for (index, stretch) in hours.enumerated() {
            if index > 0 { statement += ", " }
            statement += "(\(tx.tenantID), \(stretch.day.rawValue), \(stretch.opens), \(stretch.closes))"
        }
        statement.isPrepared = false
        try tx.execute(statement)
    }
}
