// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPTypes

/// The header fields of a request, kept as the bytes that came and looked up where somebody asks: most of what a browser
/// sends, nobody does.
package struct RequestFields: Sendable {
    /// Where a field stands in the head.
    package struct Place: Sendable {
        fileprivate let name: Range<Int32>, value: Range<Int32>

        /// - Parameter name: a token. Positions must fit in 31 bits; heads are far shorter.
        package init(name: Range<Int>, value: Range<Int>) {
            self.name = Int32(name.lowerBound)..<Int32(name.upperBound)
            self.value = Int32(value.lowerBound)..<Int32(value.upperBound)
        }
    }

    private let head: [UInt8]
    private let places: [Place]

    /// - Parameters:
    ///   - head: the bytes that `places` point into.
    ///   - places: in the order in which the fields came.
    package init(head: [UInt8], places: [Place]) {
        self.head = head
        self.places = places
    }

    /// Fields made up rather than received.
    package init(_ fields: [(name: HTTPField.Name, value: String)] = []) {
        var head: [UInt8] = [], places: [Place] = []
        for (name, value) in fields {
            let start = head.count
            head.append(contentsOf: name.rawName.utf8)
            let end = head.count
            head.append(contentsOf: value.utf8)
            places.append(Place(name: start..<end, value: end..<head.count))
        }
        self.init(head: head, places: places)
    }

    package var count: Int { places.count }

    package func contains(_ name: HTTPField.Name) -> Bool { first(name, from: 0) != nil }

    /// The field's value when it was sent exactly once.
    package func only(_ name: HTTPField.Name) -> String? {
        withOnly(name) { value in unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
    }

    /// Hands the value's bytes over when the field was sent exactly once.
    /// - Returns: nil when it was not.
    package func withOnly<Output>(_ name: HTTPField.Name, _ body: (Span<UInt8>) throws -> Output) rethrows -> Output? {
        guard let index = first(name, from: 0), first(name, from: index + 1) == nil else { return nil }
        return try body(head.span.extracting(Self.range(places[index].value)))
    }

    /// The values of all fields with this name, in order.
    package func values(_ name: HTTPField.Name) -> [String] {
        var values: [String] = [], index = first(name, from: 0)
        while let found = index {
            values.append(String(decoding: head[Self.range(places[found].value)], as: UTF8.self))
            index = first(name, from: found + 1)
        }
        return values
    }

    private func first(_ name: HTTPField.Name, from start: Int) -> Int? {
        var wanted = name.canonicalName
        return wanted.withUTF8 { wanted in
            var index = start
            while index < places.count {
                let found = places[index].name
                if found.count == wanted.count {
                    let begin = Int(found.lowerBound)
                    var offset = 0
                    // What is asked for has letters, digits and dashes; among tokens only letters differ by this bit from those.
                    while offset < wanted.count, unsafe wanted[offset] | 0x20 == head[begin + offset] | 0x20 {
                        offset += 1
                    }
                    if offset == wanted.count { return index }
                }
                index += 1
            }
            return nil
        }
    }

    private static func range(_ range: Range<Int32>) -> Range<Int> { Int(range.lowerBound)..<Int(range.upperBound) }
}

extension RequestFields: CustomStringConvertible {
    package var description: String {
        places.map { place in
            String(decoding: head[Self.range(place.name)], as: UTF8.self) + ": "
                + String(decoding: head[Self.range(place.value)], as: UTF8.self)
        }.joined(separator: "\n")
    }
}
