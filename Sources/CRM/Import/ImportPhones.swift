// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// The phone numbers of one row, as they stand in its cells.
struct ImportPhones {
    private let countryCode: CountryCode

    private enum CountryCode {
        case none, india
        case other(String)
        case unreadable
    }

    /// - Parameter countryCode: what the row says of the numbers that do not say it themselves: `91`, `+44`, `IN`.
    init(countryCode: String?) {
        guard let text = countryCode.map(ImportCell.number), !ImportCell.isNothing(text) else {
            self.countryCode = .none
            return
        }
        let digits = text.unicodeScalars.compactMap(DecimalDigit.value).map(String.init).joined()
        let code = String(digits.drop { $0 == "0" })
        if code == "91" || ["in", "ind", "india"].contains(text.lowercased()) {
            self.countryCode = .india
        } else if (1...4).contains(code.utf8.count), !text.contains(where: \.isLetter) {
            self.countryCode = .other(code)
        } else {
            self.countryCode = .unreadable
        }
    }

    /// The numbers of one cell: one, or several with commas, semicolons, bars, slashes or line breaks between.
    func read(_ cell: String, at pointer: String) -> [Result<PhoneNumber, FieldError>] {
        ImportCell.values(cell).filter { !ImportCell.isNothing($0) }.flatMap { value in
            let whole = number(value, at: pointer)
            guard case .failure(let error) = whole, error.code == "invalid_phone" else { return [whole] }
            let parts = value.split { ",;|/\n\r\n".contains($0) }.map { ImportCell.trimmed(String($0)) }.filter {
                !$0.isEmpty
            }
            let numbers = parts.prefix(ImportRecord.maximumPhones + 1).map { number($0, at: pointer) }
            // Where no part is a number either there is one thing wrong, not several.
            let hasNumber = numbers.contains { if case .success = $0 { true } else { false } }
            return hasNumber ? numbers : [whole]
        }
    }

    private func number(_ text: String, at pointer: String) -> Result<PhoneNumber, FieldError> {
        do throws(FieldError) {
            let text = ImportCell.number(text)
            if Self.isScientific(text) {
                throw FieldError(
                    pointer, "phone_in_scientific_notation",
                    "A spreadsheet has shortened the number. Make the column text there, and save the file again.")
            }
            switch countryCode {
            case .none, .india: return .success(try PhoneNumber(text, at: pointer))
            case .other(let code): return .success(try PhoneNumber(Self.joined(code, text), at: pointer))
            case .unreadable:
                guard text.hasPrefix("+") else {
                    throw FieldError(pointer, "invalid_country_code", "Give the country code in digits, such as 91.")
                }
                return .success(try PhoneNumber(text, at: pointer))
            }
        } catch { return .failure(error) }
    }

    /// `9.19877E+11`, with a comma in some countries.
    private static func isScientific(_ text: String) -> Bool {
        let sides = text.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides[0].utf8.first.map({ (48...57).contains($0) }) == true else { return false }
        let power = sides[1].utf8.first == UInt8(ascii: "+") ? sides[1].dropFirst() : sides[1]
        return !power.isEmpty && power.utf8.allSatisfy { (48...57).contains($0) }
            && sides[0].utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }
    }

    /// The number with its country code in front, unless it stands there already.
    private static func joined(_ code: String, _ text: String) -> String {
        if text.hasPrefix("+") { return text }
        if text.hasPrefix("00") { return "+" + text.dropFirst(2) }
        let digits = text.drop { $0 == "0" }
        let isFull = digits.hasPrefix(code) && digits.utf8.count { (48...57).contains($0) } >= code.utf8.count + 8
        return "+" + (isFull ? "" : code) + digits
    }
}
