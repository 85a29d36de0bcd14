// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// In which form a client wants something that comes in several (RFC 9110 §12.5.1): `text/html, text/csv;q=0.9, */*;q=0.1`.
package struct AcceptedTypes: Sendable {
    private let ranges: [(type: String, subtype: String, weight: Double)]

    /// - Parameter values: those of every `Accept` field. What cannot be read is passed over.
    package init(_ values: [String]) {
        ranges = values.flatMap { $0.split(separator: ",") }.prefix(32).compactMap { element in
            let parts = element.split(separator: ";").map(\.trimmingWhitespace)
            let names = parts.first?.lowercased().split(separator: "/", omittingEmptySubsequences: false) ?? []
            guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else { return nil }
            var weight = 1.0
            for parameter in parts.dropFirst() where parameter.lowercased().hasPrefix("q=") {
                weight = Double(parameter.dropFirst(2)) ?? 0
            }
            return (String(names[0]), String(names[1]), weight)
        }
    }

    /// The one of `offers` that is wanted most; of those wanted alike the first. Who wants none of them gets the first, as who says
    /// nothing does.
    /// - Parameter offers: such as `text/csv`, in lower case, at least one.
    package func preferred(among offers: [String]) -> String {
        precondition(!offers.isEmpty, "nothing is offered")
        var best = offers[0], most = 0.0
        for offer in offers {
            let weight = weight(of: offer)
            if weight > most { (best, most) = (offer, weight) }
        }
        return best
    }

    /// What names a type most closely counts.
    private func weight(of offer: String) -> Double {
        let names = offer.split(separator: "/")
        func weight(_ type: Substring, _ subtype: Substring) -> Double? {
            ranges.first { $0.type == type && $0.subtype == subtype }?.weight
        }
        return weight(names[0], names[1]) ?? weight(names[0], "*") ?? weight("*", "*") ?? 0
    }
}
