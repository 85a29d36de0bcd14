// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// A statement for a spreadsheet: amounts in rupees with two digits behind the point, days as `2026-01-31`, kinds as the API spells them.
package struct LedgerStatementCSV: LedgerStatementWriter {
    static let columns = ["date", "kind", "details", "debit", "credit", "balance"]

    package init() {}

    package func beginning(_ subject: LedgerStatement.Subject, openingPaise: Int) -> [UInt8] {
        var csv = CSVWriter()
        for column in Self.columns { csv.cell(column) }
        csv.endRow()
        Self.balance("opening", on: subject.first, openingPaise, to: &csv)
        return CSVWriter.byteOrderMark + csv.bytes
    }

    package func lines(_ lines: [LedgerLine]) -> [UInt8] {
        var csv = CSVWriter(capacity: lines.count * 96)
        for line in lines {
            let entry = line.entry, change = entry.changePaise
            csv.cell(entry.occurredOn.description)
            csv.cell(entry.kind.rawValue)
            csv.cell([entry.method?.rawValue, entry.reason, entry.note].compactMap { $0 }.joined(separator: ", "))
            csv.cell(change > 0 ? Rupees(paise: change).decimal : "")
            csv.cell(change < 0 ? Rupees(paise: -change).decimal : "")
            csv.cell(Rupees(paise: line.balancePaise))
            csv.endRow()
        }
        return csv.bytes
    }

    package func ending(_ subject: LedgerStatement.Subject, closingPaise: Int) -> [UInt8] {
        var csv = CSVWriter()
        Self.balance("closing", on: subject.last, closingPaise, to: &csv)
        return csv.bytes
    }

    private static func balance(_ kind: String, on day: LedgerDay?, _ paise: Int, to csv: inout CSVWriter) {
        csv.cell(day?.description ?? "")
        csv.cell(kind)
        for _ in 0..<3 { csv.cell("") }
        csv.cell(Rupees(paise: paise))
        csv.endRow()
    }
}
