// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Which column of a file is about what: guessed from the names in its first row, and put right by a person.
package struct ImportMapping: Equatable, Sendable {
    package struct Column: Equatable, Sendable {
        /// As it is told again: its beginning, without what cannot be seen.
        package let name: String
        /// Nil when the column is left aside.
        package let target: ImportTarget?

        /// A column that is called as our own export calls it tells that somebody has further numbers and no first one. Of
        /// any other file the first number that there is is the one that they are known by.
        var holdsFurtherOnes: Bool {
            (target == .otherPhones || target == .otherEmails) && name == target?.rawValue
        }
    }

    package let columns: [Column]

    /// Guesses. Of two columns that are about the same the first counts; a second phone number or address is a further
    /// one, and anything else is left aside. A field of a business's own that has a column of its full name, such as
    /// `custom.city`, is looked for under no other: what is called `city` beside it is the city.
    /// - Parameter customFields: the fields of a business's own, their names under their keys.
    package init(guessing header: [String], customFields: [String: String] = [:]) {
        let columns = Set(header)
        var own: [String: ImportTarget] = [:], inFull: [String: ImportTarget] = [:]
        for (key, name) in customFields {
            guard let target = ImportTarget(rawValue: "custom." + key) else { continue }
            if columns.contains(target.rawValue) {
                inFull[target.rawValue] = target
                continue
            }
            for name in [key, "custom." + key, name].map(ImportColumnNames.key) where !name.isEmpty {
                own[name] = target
            }
        }
        let meanings = header.map { name in
            (inFull[name] ?? own[ImportColumnNames.key(name)]).map {
                ImportColumnNames.Meaning(target: $0, isNumbered: false, isFallback: false)
            } ?? ImportColumnNames.meaning(of: name)
        }
        var guess = Guess(count: header.count)
        guess.take(meanings.map { $0?.isFallback == false ? $0 : nil })
        let taken = guess.taken
        guess.take(meanings.map { $0?.isFallback == true && !taken.contains($0?.target) ? $0 : nil })
        self.columns = zip(header, guess.targets).map { Column(name: Self.shown($0), target: $1) }
    }

    /// As a person says.
    /// - Parameter targets: one for each column, in their order.
    /// - Throws: `CustomerImportError.unusable` with the code `csv_columns_differ`, `csv_repeated_column` or
    ///   `csv_missing_columns`.
    package init(_ header: [String], targets: [ImportTarget?]) throws(CustomerImportError) {
        guard header.count == targets.count else {
            throw .unusable(
                code: "csv_columns_differ",
                detail: "The file has \(header.count) columns, and it was said what \(targets.count) are about.")
        }
        columns = zip(header, targets).map { Column(name: Self.shown($0), target: $1) }
        var seen: Set<ImportTarget> = []
        for case let target? in targets where !target.takesMany && !seen.insert(target).inserted {
            throw .unusable(
                code: "csv_repeated_column", detail: "Two columns are to be \(target.rawValue). Choose one of them.")
        }
        try check()
    }

    /// As it was found or said before.
    init(stored names: [String], targets: [ImportTarget?]) {
        columns = zip(names, targets).map { Column(name: $0, target: $1) }
    }

    /// - Throws: `CustomerImportError.unusable` with the code `csv_missing_columns`.
    package func check() throws(CustomerImportError) {
        guard columns.contains(where: { $0.target?.identifies == true }) else {
            throw .unusable(
                code: "csv_missing_columns",
                detail: "The first row must name at least one of the columns name, phone and email.")
        }
    }

    /// The first fifty of the columns that are left aside.
    package var ignoredColumns: [String] {
        Array(columns.lazy.filter { $0.target == nil && !$0.name.isEmpty }.map(\.name).prefix(50))
    }

    private static func shown(_ name: String) -> String {
        let visible = name.unicodeScalars.lazy.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(visible.prefix(64)))
    }
}

/// Gives each column its target as long as there is one left.
private struct Guess {
    private(set) var targets: [ImportTarget?]
    private(set) var taken: Set<ImportTarget?> = []
    private var numbered: Set<ImportTarget> = []

    init(count: Int) { targets = Array(repeating: nil, count: count) }

    mutating func take(_ meanings: [ImportColumnNames.Meaning?]) {
        for (index, meaning) in meanings.enumerated() {
            guard let meaning else { continue }
            targets[index] = target(meaning)
        }
    }

    private mutating func target(_ meaning: ImportColumnNames.Meaning) -> ImportTarget? {
        let target = meaning.target
        guard taken.insert(target).inserted else {
            // Numbers that are counted are all alike: the first of them is not always the one that can be read.
            if let further = target.further, !(meaning.isNumbered && numbered.contains(target)) { return further }
            return target.takesMany ? target : nil
        }
        if meaning.isNumbered { numbered.insert(target) }
        return target
    }
}
