// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What a customer has in a field that the business has added.
package struct CustomValue: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// Of a text or a choice.
        case text(String)
        /// Of all others: ten-thousandths of a number, paise, a day as 20260131, 0 or 1.
        case number(Int)
    }

    /// What the field holds.
    package let kind: CustomField.Kind
    package let content: Content

    package static let maximumTextBytes = 1_000, scale = 10_000

    /// As a program or a person may give it.
    package enum Raw: Sendable, Equatable {
        case text(String), number(Double), truth(Bool)
    }

    /// - Throws: `FieldError` at `pointer` when it does not fit the field.
    package init(_ raw: Raw, of field: CustomField, at pointer: String) throws(FieldError) {
        kind = field.kind
        switch (field.kind, raw) {
        case (.text, .text(let text)):
            content = .text(try Text(text, at: pointer, maximumBytes: Self.maximumTextBytes, multiline: true).value)
        case (.choice, .text(let text)):
            guard field.choices.contains(text.normalizedNFC) else {
                throw FieldError(pointer, "invalid_value", "One of \(field.choices.joined(separator: ", ")).")
            }
            content = .text(text.normalizedNFC)
        case (.number, .number(let number)):
            let scaled = (number * Double(Self.scale)).rounded()
            guard scaled.magnitude <= 1e15,
                (scaled / Double(Self.scale) - number).magnitude <= 1e-9 * max(1, number.magnitude)
            else {
                throw FieldError(
                    pointer, "out_of_range", "A number with up to four digits behind the point, up to 100,000,000,000.")
            }
            content = .number(Int(scaled))
        case (.money, .number(let number)):
            guard number.magnitude <= 1e15, number == number.rounded() else {
                throw FieldError(pointer, "out_of_range", "A whole number of paise.")
            }
            content = .number(Int(number))
        case (.date, .text(let text)):
            guard let date = PartialDate(text), let year = date.year else {
                throw FieldError(pointer, "invalid_date", "Give a day like 2026-01-31.")
            }
            content = .number(year * 10_000 + date.monthDay)
        case (.yesNo, .truth(let isTrue)): content = .number(isTrue ? 1 : 0)
        default: throw FieldError(pointer, "wrong_type", "This field holds \(field.kind.expectation).")
        }
    }

    /// Reads it as people type it into a sheet or a link: `yes`, `1,200.50`, `31`.
    package init(typed text: String, of field: CustomField, at pointer: String) throws(FieldError) {
        let raw: Raw
        switch field.kind {
        case .text, .choice, .date: raw = .text(text)
        case .number, .money:
            guard let number = Self.number(text) else {
                throw FieldError(pointer, "wrong_type", "This field holds \(field.kind.expectation).")
            }
            raw = .number(number)
        case .yesNo:
            switch text.lowercased() {
            case "yes", "true", "1", "y", "हाँ", "हां": raw = .truth(true)
            case "no", "false", "0", "n", "नहीं": raw = .truth(false)
            default: throw FieldError(pointer, "wrong_type", "This field holds \(field.kind.expectation).")
            }
        }
        try self.init(raw, of: field, at: pointer)
    }

    /// Digits of any script with commas among them, a sign before and a point within.
    private static func number(_ text: String) -> Double? {
        var plain = ""
        for scalar in text.unicodeScalars where scalar != "," && scalar != " " {
            if let digit = DecimalDigit.value(of: scalar) {
                plain += String(digit)
            } else if scalar == "." || scalar == "-" {
                plain.unicodeScalars.append(scalar)
            } else {
                return nil
            }
        }
        return plain.utf8.count <= 20 ? Double(plain) : nil
    }

    /// As it stands in a sheet, and as ``init(typed:of:at:)`` reads it: `38.5`, `120050` paise, `2026-01-31`, `yes`.
    package var typed: String {
        switch (content, kind) {
        case (.text(let text), _): text
        case (.number(let number), .number): Self.decimal(number)
        case (.number(let number), .date):
            PartialDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)?.description ?? ""
        case (.number(let number), .yesNo): number != 0 ? "yes" : "no"
        case (.number(let number), _): String(number)
        }
    }

    /// 385000 ten-thousandths are `38.5`.
    private static func decimal(_ number: Int) -> String {
        let (whole, rest) = number.magnitude.quotientAndRemainder(dividingBy: UInt(scale))
        var digits = String(UInt(scale) + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return (number < 0 ? "-" : "") + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }

    // MARK: - As it is kept in a history

    /// Reads ``stored``.
    package init?(stored text: String) {
        // A text may begin with a mark that would be one character with the colon.
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let kind = CustomField.Kind(rawValue: String(text[..<colon]))
        else { return nil }
        let rest = String(text[text.utf8.index(after: colon)...])
        self.kind = kind
        switch kind {
        case .text, .choice: content = .text(rest)
        case .number, .money, .date, .yesNo:
            guard let number = Int(rest) else { return nil }
            content = .number(number)
        }
    }

    /// `number:385000`, `text:silk`
    package var stored: String {
        switch content {
        case .text(let text): "\(kind.rawValue):\(text)"
        case .number(let number): "\(kind.rawValue):\(number)"
        }
    }

    var text: String? { if case .text(let text) = content { text } else { nil } }
    var number: Int? { if case .number(let number) = content { number } else { nil } }

    /// By what a filter finds it: the text's beginning without case, width and accents, on a scalar's border.
    var textKey: String? { text.map { Self.key(of: $0) } }

    static func key(of text: String) -> String { SearchWords.bounded(text.searchKey, 200) }
}

extension CustomField.Kind {
    /// For the person who gave something else.
    var expectation: String {
        switch self {
        case .text: "text"
        case .number: "a number"
        case .money: "money: a whole number of paise"
        case .date: "a day like 2026-01-31"
        case .yesNo: "true or false"
        case .choice: "one of its choices"
        }
    }
}
