// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

// Conditions on fields that the business has added. Such a field may go, or be another one of the same key by now: what a condition
// says of it is looked at whenever it is asked.
extension SegmentCondition {
    /// Its custom part as a filter has it; nil when the business has no such field any more, or one that is not compared like that.
    func custom(_ fields: [CustomField]) -> CustomCondition? {
        guard case .custom(let key) = field, let field = fields.first(where: { $0.key == key }) else { return nil }
        return try? test(of: field) { raw throws(FieldError) in try CustomValue(kept: raw, of: field) }
    }

    /// What the customers of a condition have in a field.
    /// - Throws: `FieldError` at `/op` or `/value`.
    private func test(of field: CustomField, _ read: (CustomValue.Raw) throws(FieldError) -> CustomValue)
        throws(FieldError) -> CustomCondition
    {
        if comparison == .isSet { return CustomCondition(field.id, .anything(field.kind)) }
        guard field.kind.isCompared(comparison) else {
            throw FieldError("/op", "invalid_value", "This field is not compared like that.")
        }
        guard case .raw(let raw) = operand else {
            throw FieldError("/value", "wrong_type", "This field holds \(field.kind.expectation).")
        }
        switch (comparison, raw) {
        case (.begins, .text(let text)):
            return CustomCondition(field.id, .beginning(try CustomerFilter.searchText(text, at: "/value")))
        case (.begins, _): throw FieldError("/value", "wrong_type", "This field holds \(field.kind.expectation).")
        case (.atLeast, _): return CustomCondition(field.id, .atLeast(try read(raw)))
        case (.atMost, _): return CustomCondition(field.id, .atMost(try read(raw)))
        default: return CustomCondition(field.id, .equal(try read(raw)))
        }
    }

    /// The same condition with its value as it is kept, when it fits the business's fields.
    /// - Throws: `FieldError` at `pointer`, that of the condition.
    func checked(against fields: [CustomField], at pointer: String) throws(FieldError) -> SegmentCondition {
        guard case .custom(let key) = field else { return self }
        guard let definition = fields.first(where: { $0.key == key }) else {
            throw FieldError(pointer + "/field", "unknown_field", "The business has no such field.")
        }
        do throws(FieldError) {
            let test = try test(of: definition) { raw throws(FieldError) in
                try CustomValue(raw, of: definition, at: "/value")
            }.test
            switch test {
            case .beginning(let text): return SegmentCondition(field, comparison, .raw(.text(text)))
            case .equal(let value) where value.text != nil:
                return SegmentCondition(field, comparison, .raw(.text(value.text ?? "")))
            default: return self
            }
        } catch {
            throw FieldError(pointer + error.pointer, error.code, error.detail)
        }
    }
}

extension CustomField.Kind {
    fileprivate func isCompared(_ comparison: SegmentComparison) -> Bool {
        switch comparison {
        case .is: true
        case .begins: isText
        default: !isText && self != .yesNo
        }
    }
}

extension CustomValue {
    /// As it was given once. What may be chosen changes: whoever chose it before has it still.
    fileprivate init(kept raw: Raw, of field: CustomField) throws(FieldError) {
        if field.kind == .choice, case .text(let text) = raw,
            let value = CustomValue(stored: "\(field.kind.rawValue):\(text)")
        {
            self = value
        } else {
            try self.init(raw, of: field, at: "/value")
        }
    }
}
