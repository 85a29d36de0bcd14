// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"items": [{…}, …], "all_or_nothing": true}`: up to 500 things asked for at once. All are done or none, unless the client says
/// that those should be done that can be.
struct BatchInput<Item: Decodable>: Decodable {
    let items: [Item]
    let allOrNothing: Bool?

    enum CodingKeys: String, CodingKey { case items, allOrNothing = "all_or_nothing" }
}

extension JSONLimits {
    /// Five hundred things of a hundred values each; the body's size bounds them too.
    static let batch: JSONLimits = {
        var limits = JSONLimits()
        limits.nodes = 50_000
        return limits
    }()
}

/// What of a batch can be tried, and what was found wrong with the rest before anything was.
struct Batch<Value: Sendable>: Sendable {
    let isAllOrNothing: Bool
    /// Those that can be tried, with their places.
    let values: [(index: Int, value: Value)]
    private let refused: [Int: APIError]
    private let count: Int

    private static var maximumItems: Int { 500 }

    /// - Parameter read: throws what is wrong with an item.
    /// - Throws: `ValidationError` for no items or too many, and for all that is wrong with them when it is all or nothing.
    init<Item>(_ input: BatchInput<Item>, _ read: (Item) throws -> Value) throws {
        guard (1...Self.maximumItems).contains(input.items.count) else {
            throw ValidationError([FieldError("/items", "out_of_range", "From 1 to \(Self.maximumItems) items.")])
        }
        isAllOrNothing = input.allOrNothing ?? true
        count = input.items.count
        var values: [(index: Int, value: Value)] = [], refused: [Int: APIError] = [:]
        for (index, item) in input.items.enumerated() {
            do { values.append((index, try read(item))) } catch let error as any APIErrorConvertible {
                refused[index] = error.apiError
            }
        }
        self.values = values
        self.refused = refused
        if isAllOrNothing, !refused.isEmpty { throw APIError.refusing(refused.map { ($0, $1) }) }
    }

    /// `{"results": [{"status": 201, "item": {…}}, {"status": 409, "problem": {…}}, …]}`, in the order of the items.
    /// - Parameter outcomes: of ``values``: what writes an item, or why there is none.
    func response(_ outcomes: [Result<(inout JSONWriter) -> Void, APIError>]) -> Response {
        var refused = refused, written: [Int: (inout JSONWriter) -> Void] = [:]
        for ((index, _), outcome) in zip(values, outcomes) {
            switch outcome {
            case .success(let write): written[index] = write
            case .failure(let error): refused[index] = error
            }
        }
        var json = JSONWriter(capacity: 512 * count)
        json.object { json in
            json.member("results") { json in
                json.array { json in
                    for index in 0..<count {
                        json.object { json in
                            if let write = written[index] {
                                json.member("status", HTTPResponse.Status.created.code)
                                json.member("item") { write(&$0) }
                            } else if let error = refused[index] {
                                json.member("status", error.status.code)
                                json.member("problem") { error.writeAsPart(to: &$0) }
                            }
                        }
                    }
                }
            }
        }
        return .json(bytes: json.bytes, status: .ok)
    }
}

extension APIError {
    /// Everything that is wrong with the items of a batch, each with its place: nothing was done.
    static func refusing(_ items: [(index: Int, error: APIError)]) -> APIError {
        let isConflict = items.allSatisfy { $0.error.status == .conflict }
        var problem =
            isConflict
            ? APIError(.conflict, .batchRefused, "Some items stand in the way of others. Nothing was done.")
            : APIError(.unprocessableContent, .validationFailed, "Some items are not right. Nothing was done.")
        problem.fields = items.sorted { $0.index < $1.index }.flatMap { index, error in
            let fields = error.fields.isEmpty ? [FieldError("", error.code.rawValue, error.title)] : error.fields
            return fields.map { FieldError("/items/\(index)\($0.pointer)", $0.code, $0.detail) }
        }
        return problem
    }
}
