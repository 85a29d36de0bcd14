// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

extension PartialDate {
    /// Reads a date as people and programs write it: `1990-04-23`, `23/04/1990`, `23-4-90`, `23.04.1990`,
    /// `23-Apr-1990`, `April 23, 1990`, `23rd April`, `19900423`, `--04-23`, `--0423`, in digits of any script, with or
    /// without a time.
    ///
    /// Where day and month could be either, the day comes first, as in India. Of years with two digits those to 29 lie
    /// in this century and the others in the last one, as Excel has it. The year 1604 stands for none: iPhones write
    /// it.
    package init?(typed text: String) {
        guard text.utf8.count <= 64, let tokens = DateToken.tokens(of: text) else { return nil }
        if text.hasPrefix("--") {
            guard case .number(let month, digits: 1...2) = tokens.first,
                case .number(let day, digits: 1...2) = tokens.last,
                tokens.count == 2
            else { return nil }
            self.init(year: nil, month: month, day: day)
            return
        }
        switch (tokens.first, tokens.dropFirst().first, tokens.dropFirst(2).first) {
        case (.number(let year, digits: 4), .number(let month, digits: 1...2), .number(let day, digits: 1...2)):
            self.init(typedYear: year, 4, month: month, day: day)
        case (.number(let day, digits: 1...2), .number(let month, digits: 1...2), .number(let year, let digits)):
            let isMonthFirst = month > 12 && day <= 12
            self.init(typedYear: year, digits, month: isMonthFirst ? day : month, day: isMonthFirst ? month : day)
        case (.number(let day, digits: 1...2), .month(let month), .number(let year, let digits)),
            (.month(let month), .number(let day, digits: 1...2), .number(let year, let digits)):
            self.init(typedYear: year, digits, month: month, day: day)
        case (.number(let day, digits: 1...2), .month(let month), nil),
            (.month(let month), .number(let day, digits: 1...2), nil),
            (.number(let day, digits: 1...2), .number(let month, digits: 1...2), nil):
            self.init(year: nil, month: month, day: day)
        default: return nil
        }
    }

    private init?(typedYear number: Int, _ digits: Int, month: Int, day: Int) {
        let year: Int
        switch digits {
        case 2: year = number < 30 ? 2_000 + number : 1_900 + number
        case 4: year = number
        default: return nil
        }
        self.init(year: year == 1_604 ? nil : year, month: month, day: day)
    }
}

/// A number or a month's name in a date.
private enum DateToken {
    case number(Int, digits: Int)
    case month(Int)

    /// At most three, without a time that may follow them; nil where there is what belongs to no date.
    static func tokens(of text: String) -> [DateToken]? {
        var tokens: [DateToken] = []
        for word in text.split(whereSeparator: { " ,/.-\u{A0}\u{2013}".contains($0) }) {
            if word.first?.isNumber == true, let time = word.firstIndex(where: { "Tt".contains($0) }),
                word[time...].dropFirst().first?.isNumber == true
            {
                guard tokens.count < 3, let token = DateToken(word[..<time]) else { return nil }
                tokens.append(token)
                break
            }
            if word.contains(":") { break }
            guard tokens.count < 3, let token = DateToken(word) else { return nil }
            tokens.append(token)
        }
        return parts(of: tokens, yearIsKnown: !text.hasPrefix("--"))
    }

    /// ISO 8601 allows dates without dashes.
    private static func parts(of tokens: [DateToken], yearIsKnown: Bool) -> [DateToken] {
        guard tokens.count == 1, case .number(let number, let digits) = tokens.first, digits == (yearIsKnown ? 8 : 4)
        else {
            return tokens
        }
        let monthAndDay = [DateToken.number(number / 100 % 100, digits: 2), .number(number % 100, digits: 2)]
        return yearIsKnown ? [.number(number / 10_000, digits: 4)] + monthAndDay : monthAndDay
    }

    private init?(_ word: Substring) {
        let name = word.lowercased()
        if name.utf8.count >= 3, let month = Self.months.firstIndex(where: { $0.hasPrefix(name) }) {
            self = .month(month + 1)
            return
        }
        let ending = Self.ordinalEndings.first { name.hasSuffix($0) }
        let digits = name.dropLast(ending?.count ?? 0).unicodeScalars.map(DecimalDigit.value)
        guard (1...(ending == nil ? 8 : 2)).contains(digits.count), !digits.contains(nil) else { return nil }
        self = .number(digits.reduce(0) { $0 * 10 + Int($1 ?? 0) }, digits: digits.count)
    }

    private static let ordinalEndings = ["st", "nd", "rd", "th"]
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
}
