// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON

/// One thing that all customers of a segment have in common: `{"field": "stage", "op": "in", "values": ["lead", "active"]}`.
package struct SegmentCondition: Sendable, Equatable {
    package let field: SegmentField
    package let comparison: SegmentComparison
    /// Of the kind that ``SegmentField/comparisons`` says.
    package let operand: SegmentOperand

    /// For what reads them alone.
    init(_ field: SegmentField, _ comparison: SegmentComparison, _ operand: SegmentOperand) {
        self.field = field
        self.comparison = comparison
        self.operand = operand
    }

    static let maximumValues = 20

    var texts: [String] {
        switch operand {
        case .text(let text): [text]
        case .texts(let texts): texts
        default: []
        }
    }
    var text: String { texts.first ?? "" }
    var number: Int { if case .number(let number) = operand { number } else { 0 } }
    var isTrue: Bool { operand == .truth(true) }
}

// MARK: - JSON

extension SegmentCondition: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("field", field.name)
            json.member("op", comparison.rawValue)
            switch operand {
            case .nothing: break
            case .text(let text): json.member("value", text)
            case .texts(let texts): json.member("values", texts)
            case .number(let number): json.member("value", number)
            case .time(let time): json.member("value", time)
            case .truth(let isTrue): json.member("value", isTrue)
            case .raw(let raw): json.member("value") { raw.write(to: &$0) }
            }
        }
    }
}

extension CustomValue.Raw {
    /// A number has been checked: it is whole and within ± 10¹⁵, or has four digits behind the point within ± 10¹¹.
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        case .truth(let isTrue): json.bool(isTrue)
        case .number(let number) where number == number.rounded(): json.number(Int(number))
        case .number(let number):
            json.decimal(Int((number * Double(CustomValue.scale)).rounded()), digits: 4)
        }
    }
}
