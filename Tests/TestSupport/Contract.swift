// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPMessage
import HTTPTypes
import Yams

/// `openapi.yaml`, as a judge of replies.
package struct Contract: @unchecked Sendable {  // Guard: built once, only read afterwards.
    package static let shared: Contract = {
        do { return try Contract() } catch { fatalError("openapi.yaml cannot be read: \(error)") }
    }()

    private let document: [String: Any]

    private init() throws {
        let text = try String(contentsOfFile: Self.repository + "/openapi.yaml", encoding: .utf8)
        document = try Yams.load(yaml: text) as? [String: Any] ?? [:]
    }

    /// The folder that holds Package.swift.
    package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Every operation as `METHOD path`, with its id.
    package var operations: [String: String] {
        var operations: [String: String] = [:]
        for (path, item) in document["paths"] as? [String: [String: Any]] ?? [:] {
            for (method, operation) in item where method != "parameters" {
                operations["\(method.uppercased()) \(path)"] = (operation as? [String: Any])?["operationId"] as? String
            }
        }
        return operations
    }

    /// What each write says of being sent again, and whether it takes an `Idempotency-Key`.
    package var repeating: [String: (word: String?, takesKey: Bool)] {
        var found: [String: (word: String?, takesKey: Bool)] = [:]
        for (_, item) in document["paths"] as? [String: [String: Any]] ?? [:] {
            guard let post = item["post"] as? [String: Any], let id = post["operationId"] as? String else { continue }
            let parameters = post["parameters"] as? [[String: Any]] ?? []
            let takesKey = parameters.contains { resolve($0)["name"] as? String == "Idempotency-Key" }
            found[id] = (post["x-repeating"] as? String, takesKey)
        }
        return found
    }

    /// What each operation asks of its caller.
    package var permissions: [String: String] {
        var found: [String: String] = [:]
        for item in (document["paths"] as? [String: [String: Any]] ?? [:]).values {
            for case let operation as [String: Any] in item.values {
                guard let id = operation["operationId"] as? String else { continue }
                found[id] = operation["x-permission"] as? String
            }
        }
        return found
    }

    /// The query parameters of each operation.
    package var queryParameters: [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for item in (document["paths"] as? [String: [String: Any]] ?? [:]).values {
            for case let operation as [String: Any] in item.values {
                guard let id = operation["operationId"] as? String else { continue }
                let parameters = (operation["parameters"] as? [[String: Any]] ?? []).map(resolve)
                found[id] = Set(
                    parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String })
            }
        }
        return found
    }

    /// The ids of operations that ask for no token.
    package var openOperations: Set<String> {
        let items = (document["paths"] as? [String: [String: Any]] ?? [:]).values.flatMap(\.values)
        return Set(
            items.compactMap { $0 as? [String: Any] }.filter { ($0["security"] as? [Any])?.isEmpty == true }
                .compactMap { $0["operationId"] as? String })
    }

    package var problemCodes: [String] { (schema("ProblemCode")["enum"] as? [String]) ?? [] }

    /// Codes for which some response has an example.
    package var exampleCodes: Set<String> {
        let responses = (document["components"] as? [String: Any])?["responses"] as? [String: [String: Any]] ?? [:]
        return Set(
            responses.values.flatMap { response in
                let content = response["content"] as? [String: [String: Any]] ?? [:]
                return (content["application/problem+json"]?["examples"] as? [String: Any])?.keys.map { $0 } ?? []
            })
    }

    private func schema(_ name: String) -> [String: Any] {
        ((document["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])?[name] ?? [:]
    }

    package struct Violation: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Throws: ``Violation`` when the reply is not among those the operation describes.
    package func check(_ method: String, _ target: String, _ router: Router, _ reply: RawClient.Reply) throws {
        let path = String(target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0])
        guard let method = HTTPRequest.Method(method),
            case .route(let route, _) = router.match(RequestHead(method: method, path: path))
        else {
            return
        }
        let place = "\(route.operation) \(reply.status)"
        let item = (document["paths"] as? [String: [String: Any]])?[route.template] ?? [:]
        guard let operation = item[route.method.rawValue.lowercased()] as? [String: Any],
            let responses = operation["responses"] as? [String: Any],
            let found = responses[String(reply.status)] as? [String: Any]
        else { throw Violation(description: "\(place) is not described: \(reply.text)") }
        let response = resolve(found)
        for (name, header) in response["headers"] as? [String: [String: Any]] ?? [:] {
            let header = resolve(header)
            guard let value = reply.header(name) else {
                if header["required"] as? Bool == true {
                    throw Violation(description: "\(place) lacks the header \(name)")
                }
                continue
            }
            try validate(value, header["schema"] as? [String: Any] ?? [:], "\(place) header \(name)", isText: true)
        }
        guard method != .head, let content = response["content"] as? [String: [String: Any]] else { return }
        let type = reply.header("Content-Type")?.components(separatedBy: ";")[0] ?? "none"
        guard let media = content[type] else { throw Violation(description: "\(place) has the type \(type)") }
        guard type.hasSuffix("json") else { return }
        guard let json = reply.json else { throw Violation(description: "\(place) is not JSON: \(reply.text)") }
        try validate(json, media["schema"] as? [String: Any] ?? [:], place)
    }

    private func resolve(_ node: [String: Any]) -> [String: Any] {
        guard let reference = node["$ref"] as? String else { return node }
        var found: Any = document
        for part in reference.dropFirst(2).split(separator: "/") {
            found = (found as? [String: Any])?[String(part)] ?? [:]
        }
        return resolve(found as? [String: Any] ?? [:])
    }

    /// The part of JSON Schema that the contract uses.
    private func validate(_ value: Any, _ schema: [String: Any], _ place: String, isText: Bool = false) throws {
        let schema = resolve(schema)
        func fail(_ reason: String) -> Violation { Violation(description: "\(place): \(reason), found \(value)") }
        if let allowed = schema["enum"] as? [String], let text = value as? String, !allowed.contains(text) {
            throw fail("not one of \(allowed)")
        }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { throw fail("not an object") }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil { throw fail("lacks \(name)") }
            for (name, member) in object {
                guard let property = properties[name] else {
                    if schema["additionalProperties"] as? Bool == false {
                        throw fail("has an undescribed member \(name)")
                    }
                    continue
                }
                try validate(member, property, "\(place)/\(name)")
            }
        case "array":
            guard let array = value as? [Any] else { throw fail("not an array") }
            for (index, element) in array.enumerated() {
                try validate(element, schema["items"] as? [String: Any] ?? [:], "\(place)/\(index)")
            }
        case "string":
            guard let text = value as? String else { throw fail("not a string") }
            if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
                throw fail("does not match \(pattern)")
            }
        case "integer":
            guard let number = isText ? Int(value as? String ?? "") : (value as? NSNumber)?.intValue else {
                throw fail("not an integer")
            }
            if let minimum = schema["minimum"] as? Int, number < minimum { throw fail("below \(minimum)") }
            if let maximum = schema["maximum"] as? Int, number > maximum { throw fail("above \(maximum)") }
        case "boolean":
            guard value is Bool else { throw fail("not a boolean") }
        default: break
        }
    }
}
