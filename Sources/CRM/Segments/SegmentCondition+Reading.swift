// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

// What a client, or a row, says of a condition is read here alone.
extension SegmentCondition {
    private static let members: Set = ["field", "op", "value", "values"]

    /// Nil, and notes on what is wrong.
    /// - Parameter pointer: the condition's place.
    static func read(_ json: JSONValue, at pointer: String, noting validation: inout Validation) -> SegmentCondition? {
        guard case .object(let members) = json else {
            validation.fail(mismatch(json, "object", at: pointer))
            return nil
        }
        for member in members where !Self.members.contains(member.key) {
            let place = pointer + "/" + member.key.jsonPointerToken
            validation.fail(FieldError(place, "unknown_field", "There is no such field."))
        }
        let field = validation.check { () throws(FieldError) in
            let name = try text(json["field"], at: pointer + "/field")
            guard let field = SegmentField(name) else {
                throw FieldError(pointer + "/field", "unknown_field", "There is no such field.")
            }
            return field
        }
        guard let field else { return nil }
        let found = validation.check { () throws(FieldError) in
            let name = try text(json["op"], at: pointer + "/op")
            guard let found = field.comparisons.first(where: { $0.comparison.rawValue == name }) else {
                let names = field.comparisons.map(\.comparison.rawValue).joined(separator: ", ")
                throw FieldError(pointer + "/op", "invalid_value", "One of \(names).")
            }
            return found
        }
        guard let found else { return nil }
        let operand = validation.check { () throws(FieldError) in
            try value(of: json, found.with, field, found.comparison, at: pointer)
        }
        return operand.map { SegmentCondition(field, found.comparison, $0) }
    }

    private static func value(
        of json: JSONValue, _ kind: SegmentOperand.Kind, _ field: SegmentField, _ comparison: SegmentComparison,
        at pointer: String
    ) throws(FieldError) -> SegmentOperand {
        let isList = kind == .texts
        for (name, isTaken) in [("value", kind != .nothing && !isList), ("values", isList)] where !isTaken {
            guard json[name] == nil else {
                throw FieldError("\(pointer)/\(name)", "not_allowed", "It is not compared with this.")
            }
        }
        let value = json["value"], pointer = pointer + (isList ? "/values" : "/value")
        switch kind {
        case .nothing: return .nothing
        case .text: return .text(try field.text(try text(value, at: pointer), comparison, at: pointer))
        case .texts: return .texts(try texts(json["values"], of: field, comparison, at: pointer))
        case .number(let range): return .number(try number(value, range, at: pointer))
        case .time: return .time(try time(value, at: pointer))
        case .truth:
            guard case .bool(let isTrue) = try required(value, at: pointer) else {
                throw mismatch(value, "boolean", at: pointer)
            }
            return .truth(isTrue)
        case .raw: return .raw(try raw(value, at: pointer))
        }
    }

    // MARK: - Values

    private static func required(_ json: JSONValue?, at pointer: String) throws(FieldError) -> JSONValue {
        guard let json else { throw FieldError(pointer, "required", "This field is required.") }
        return json
    }

    static func mismatch(_ json: JSONValue?, _ expected: String, at pointer: String) -> FieldError {
        FieldError(pointer, "wrong_type", "Expected \(expected), found \((json ?? .null).typeName).")
    }

    private static func text(_ json: JSONValue?, at pointer: String) throws(FieldError) -> String {
        guard case .string(let text) = try required(json, at: pointer) else {
            throw mismatch(json, "string", at: pointer)
        }
        return text
    }

    /// Distinct ones.
    private static func texts(
        _ json: JSONValue?, of field: SegmentField, _ comparison: SegmentComparison, at pointer: String
    ) throws(FieldError) -> [String] {
        guard case .array(let elements) = try required(json, at: pointer) else {
            throw mismatch(json, "array", at: pointer)
        }
        guard !elements.isEmpty else { throw FieldError(pointer, "required", "Give at least one.") }
        guard elements.count <= maximumValues else {
            throw FieldError(pointer, "too_many", "At most \(maximumValues) values.")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            let place = "\(pointer)/\(index)"
            let text = try field.text(try text(element, at: place), comparison, at: place)
            if !texts.contains(text) { texts.append(text) }
        }
        return texts
    }

    private static func number(_ json: JSONValue?, _ range: ClosedRange<Int>, at pointer: String) throws(FieldError)
        -> Int
    {
        let outside = FieldError(
            pointer, "out_of_range", "A whole number from \(range.lowerBound) to \(range.upperBound).")
        switch try required(json, at: pointer) {
        case .integer(let wide):
            guard let number = Int(exactly: wide), range.contains(number) else { throw outside }
            return number
        // Written with more digits than 64 bits have.
        case .number(let number) where number == number.rounded(): throw outside
        default: throw mismatch(json, "integer", at: pointer)
        }
    }

    /// In whole milliseconds, as it is written again.
    private static func time(_ json: JSONValue?, at pointer: String) throws(FieldError) -> Instant {
        guard let time = Instant(rfc3339: try text(json, at: pointer)) else {
            throw FieldError(pointer, "invalid_time", "Give a time like 2026-01-31T10:00:00Z.")
        }
        let rest = time.microseconds % 1_000
        return Instant(microseconds: time.microseconds - (rest < 0 ? rest + 1_000 : rest))
    }

    private static func raw(_ json: JSONValue?, at pointer: String) throws(FieldError) -> CustomValue.Raw {
        switch try required(json, at: pointer) {
        case .string(let text): return .text(text)
        case .bool(let isTrue): return .truth(isTrue)
        case .integer(let number): return .number(try bounded(Double(number), at: pointer))
        case .number(let number): return .number(try bounded(number, at: pointer))
        case .null, .array, .object: throw mismatch(json, "string, number or boolean", at: pointer)
        }
    }

    /// No field holds more.
    private static func bounded(_ number: Double, at pointer: String) throws(FieldError) -> Double {
        guard number.magnitude <= (number == number.rounded() ? 1e15 : 1e11) else {
            throw FieldError(pointer, "out_of_range", "No field holds such a number.")
        }
        return number
    }
}

extension SegmentField {
    /// A text that it is compared with, as it is kept.
    fileprivate func text(_ text: String, _ comparison: SegmentComparison, at pointer: String) throws(FieldError)
        -> String
    {
        switch self {
        case .stage: return try CustomerFields.stage(text, at: pointer).rawValue
        case .tags: return try Text(text, at: pointer, maximumBytes: CustomerFields.maximumTagBytes).value
        case .owner:
            guard let owner = UserID(text) else {
                throw FieldError(pointer, "invalid_value", "The id of somebody who works here: usr_…")
            }
            return owner.description
        case .source: return try CustomerFields.source(text, at: pointer)
        case .language: return try CustomerFields.language(text, at: pointer).rawValue
        case .city: return try CustomerFields.place(text, at: pointer)
        case .pinCode:
            guard comparison == .begins else { return try PINCode(text, at: pointer).value }
            guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
                text.first != "0"
            else { throw FieldError(pointer, "invalid_value", "Give one to six digits.") }
            return text
        default:
            guard let state = SegmentConsent(rawValue: text) else {
                let names = SegmentConsent.allCases.map(\.rawValue).joined(separator: ", ")
                throw FieldError(pointer, "invalid_value", "One of \(names).")
            }
            return state.rawValue
        }
    }
}

/// What somebody's word is.
enum SegmentConsent: String, CaseIterable {
    case given, withdrawn
    /// They have said nothing.
    case nothing = "none"
}
