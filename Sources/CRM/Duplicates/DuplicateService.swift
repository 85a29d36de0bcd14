// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database

/// Suggests which customers may be one.
package struct DuplicateService: Sendable {
    private let database: ConnectionPool
    /// Of one sound, so many are compared; a name that more people have tells little.
    private static let mostOfOneSound = 10

    package init(database: ConnectionPool) { self.database = database }

    package struct Pair: Sendable {
        /// The one who was added first.
        package let first: Customer, second: Customer
        package let score: DuplicateScore
    }

    /// A page of pairs, and where the next begins; nil on the last.
    package struct Page: Sendable {
        package let pairs: [Pair]
        package let next: String?
    }

    /// Pairs whose names are the same or sound alike, name by name.
    /// - Parameters:
    ///   - sound: the last name already looked at; empty to begin.
    ///   - limit: how many names are looked at.
    package func page(after sound: String, limit: Int, for caller: Caller) async throws -> Page {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let sounds = try DuplicateQueries.sharedSounds(
                after: sound, limit: limit + 1, visibleTo: visibleTo, in: tx)
            let shown = Array(sounds.prefix(limit))
            let customers = try DuplicateQueries.customers(
                sounding: shown, most: Self.mostOfOneSound, visibleTo: visibleTo, in: tx)
            let groups = Dictionary(grouping: customers) { SearchKey($0.fields).sound }
            let pairs = try groups.values.flatMap { try Self.pairs(among: $0, in: tx) }
            return Page(
                pairs: pairs.sorted { ($0.score.points, $1.first.id.uuid) > ($1.score.points, $0.first.id.uuid) },
                next: sounds.count > limit ? shown.last : nil)
        }
    }

    /// Those who may be this customer, the likeliest first.
    /// - Throws: `CustomerError.unknown`.
    package func duplicates(of id: Customer.ID, for caller: Caller) async throws -> [Pair] {
        let visibleTo = caller.seesCustomersOf
        return try await database.withTenant(caller.tenantID, .read) { (tx: borrowing TenantTransaction) in
            let found = try tx.run(CustomerQueries.find(id, of: tx.tenantID, visibleTo: visibleTo))
            guard let customer = found else { throw CustomerError.unknown }
            let sound = SearchKey(customer.fields).sound
            var others = try DuplicateQueries.customers(
                sounding: sound.isEmpty ? [] : [sound], most: 50, visibleTo: visibleTo, in: tx)
            others += try DuplicateQueries.holders(of: customer.fields, visibleTo: visibleTo, in: tx)
            let own = [customer.fields.phone?.e164, customer.fields.email?.address].compactMap { $0 }
            others += try DuplicateQueries.found(
                by: own.map { "% " + LikePattern.escaped($0) + " %" }, visibleTo: visibleTo, in: tx)
            var seen: Set<Customer.ID> = [customer.id]
            let candidates = others.filter { seen.insert($0.id).inserted }
            let apart = try DuplicateQueries.apart([customer.id] + candidates.map(\.id), in: tx)
            return candidates.compactMap { Self.pair(customer, $0, apart) }.sorted {
                $0.score.points > $1.score.points
            }
        }
    }

    private static func pairs(among customers: [Customer], in tx: borrowing TenantTransaction) throws -> [Pair] {
        let customers = customers.sorted { $0.id.uuid < $1.id.uuid }
        let apart = try DuplicateQueries.apart(customers.map(\.id), in: tx)
        return customers.indices.flatMap { index in
            customers[(index + 1)...].compactMap { pair(customers[index], $0, apart) }
        }
    }

    private static func pair(_ one: Customer, _ other: Customer, _ apart: Set<[Customer.ID]>) -> Pair? {
        let (first, second) = one.id.uuid < other.id.uuid ? (one, other) : (other, one)
        let score = DuplicateScore(first.fields, second.fields)
        guard score.points >= DuplicateScore.least, !apart.contains([first.id, second.id]) else { return nil }
        return Pair(first: first, second: second, score: score)
    }

    /// Says that two customers are two: they are not suggested again.
    /// - Throws: `CustomerError.unknown`, `CustomerMergeError.same`.
    package func setApart(_ one: Customer.ID, _ other: Customer.ID, for caller: Caller) async throws {
        let visibleTo = caller.seesCustomersOf
        try await database.withTenant(caller.tenantID) { (tx: borrowing TenantTransaction) in
            guard let first = try tx.run(CustomerQueries.find(one, of: tx.tenantID, visibleTo: visibleTo)),
                let second = try tx.run(CustomerQueries.find(other, of: tx.tenantID, visibleTo: visibleTo))
            else { throw CustomerError.unknown }
            guard first.id != second.id else { throw CustomerMergeError.same }
            let ids = [first.id, second.id].sorted { $0.uuid < $1.uuid }
            try DuplicateQueries.setApart(ids[0], ids[1], in: tx)
        }
    }
}
