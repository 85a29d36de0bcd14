// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Codings that files come in. Spelled as in `Content-Encoding`.
package enum ContentEncoding: String, Sendable, CaseIterable {
    case brotli = "br"
    case gzip
    case identity
}

/// What a client takes (RFC 9110 §12.5.3): `gzip, br;q=0.9, *;q=0`.
package struct AcceptedEncodings: Sendable {
    private var weights: [String: Double] = [:]
    private let isAbsent: Bool

    /// - Parameter values: those of every `Accept-Encoding` field. What cannot be read is passed over.
    package init(_ values: [String]) {
        isAbsent = values.isEmpty
        for element in values.flatMap({ $0.split(separator: ",") }).prefix(32) {
            let parts = element.split(separator: ";").map(\.trimmingWhitespace)
            guard let name = parts.first?.lowercased(), !name.isEmpty else { continue }
            var weight = 1.0
            for parameter in parts.dropFirst() where parameter.lowercased().hasPrefix("q=") {
                weight = Double(parameter.dropFirst(2)) ?? 0
            }
            weights[name == "x-gzip" ? "gzip" : name] = weight
        }
    }

    /// The file as it is goes to whoever does not refuse it.
    package func contains(_ encoding: ContentEncoding) -> Bool {
        if let weight = weights[encoding.rawValue] { return weight > 0 }
        if encoding == .identity { return weights["*"] != 0 }
        return !isAbsent && weights["*"].map { $0 > 0 } == true
    }
}

/// What a reader has already (RFC 9110 §13.1.2): a list of tags, compared weakly, or `*`.
package struct EntityTags: Sendable {
    private let tags: [String]

    /// - Parameter values: those of every `If-None-Match` field.
    package init(_ values: [String]) {
        tags = values.flatMap { $0.split(separator: ",") }.prefix(32).map { $0.trimmingWhitespace.description }
    }

    /// - Parameter tag: with its quotes.
    package func contains(_ tag: String) -> Bool { tags.contains { $0 == "*" || $0 == tag || $0 == "W/" + tag } }
}
