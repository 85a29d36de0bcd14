// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import Yams

/// One case of `Tests/Conformance/corpus.yaml`, which says what its members mean.
package struct CorpusCase: Sendable, CustomStringConvertible {
    package let id: String
    package let send: [UInt8]
    package let accepted: Int
    package let refusal: Int?

    package var description: String { id }

    package static let all: [CorpusCase] = {
        let file = Contract.repository + "/Tests/Conformance/corpus.yaml"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let entries = try? Yams.load(yaml: text) as? [[String: Any]]
        else { preconditionFailure("\(file) cannot be read") }
        return entries.map { entry in
            guard let id = entry["id"] as? String, let send = entry["send"] as? String else {
                preconditionFailure("a case without id or bytes: \(entry)")
            }
            return CorpusCase(
                id: id, send: bytes(send), accepted: (entry["accept"] as? [Int])?.count ?? 0,
                refusal: entry["refuse"] as? Int)
        }
    }()

    /// One character is one byte; `<<text*count>>` repeats.
    private static func bytes(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [], rest = text.unicodeScalars[...]
        func latin(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
            scalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }
        while let open = rest.firstRange(of: "<<".unicodeScalars), let close = rest.firstRange(of: ">>".unicodeScalars),
            let star = rest[..<close.lowerBound].lastIndex(of: "*")
        {
            bytes += latin(rest[..<open.lowerBound])
            let count = Int(String(rest[rest.index(after: star)..<close.lowerBound])) ?? 0
            for _ in 0..<count { bytes += latin(rest[open.upperBound..<star]) }
            rest = rest[close.upperBound...]
        }
        return bytes + latin(rest)
    }
}
