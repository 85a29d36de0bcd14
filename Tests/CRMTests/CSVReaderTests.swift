// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct CSVReaderTests {
    private func read(_ bytes: [UInt8], step: Int = .max, separator: CSVSeparator? = nil) -> [CSVReader.Record] {
        var reader = CSVReader(separator: separator), records: [CSVReader.Record] = [], rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(step))
            rest = rest.dropFirst(chunk.count)
            reader.append(chunk)
            while let record = reader.next() { records.append(record) }
        }
        reader.finish()
        while let record = reader.next() { records.append(record) }
        return records
    }

    private func read(_ text: String, step: Int = .max) -> [CSVReader.Record] { read(Array(text.utf8), step: step) }

    @Test(arguments: [1, 2, 3, .max])
    func readsFilesAsProgramsWriteThem(_ step: Int) {
        let text = "\u{FEFF}\"na\"\"me\",phone\r\n\"Rao, \"\"Asha\"\"\r\nsecond line\",98123\r\n\r\n\n,\nlast,x"
        #expect(
            read(text, step: step) == [
                .fields(["na\"me", "phone"], number: 1), .fields(["Rao, \"Asha\"\r\nsecond line", "98123"], number: 2),
                .fields(["", ""], number: 3), .fields(["last", "x"], number: 4),
            ])
    }

    @Test func theFirstSeparatorCountsForAll() {
        #expect(read("a|b\n1;2|3\n") == [.fields(["a", "b"], number: 1), .fields(["1;2", "3"], number: 2)])
        #expect(read("a;b\n1,2;3\n") == [.fields(["a", "b"], number: 1), .fields(["1,2", "3"], number: 2)])
        #expect(read("a\tb\n1;2\t3\n") == [.fields(["a", "b"], number: 1), .fields(["1;2", "3"], number: 2)])
        #expect(read("name\nRao, Asha\n") == [.fields(["name"], number: 1), .fields(["Rao", " Asha"], number: 2)])
    }

    /// A header may hold one of the others within a name.
    @Test(arguments: [1, 2, 3, .max])
    func whatPartsMostColumnsSeparates(_ step: Int) {
        func first(_ text: String) -> CSVReader.Record? { read(Array(text.utf8), step: step).first }
        #expect(first("Phone, mobile;Name;City\n") == .fields(["Phone, mobile", "Name", "City"], number: 1))
        #expect(first("a;b|c|d,e\n") == .fields(["a;b", "c", "d,e"], number: 1))
        #expect(first("\"a;b;c;\"\"d;\"\tb\n1;2;3;4;5\n") == .fields(["a;b;c;\"d;", "b"], number: 1))
        #expect(first("\r\n\n\"x;\ny;\",b\r\n") == .fields(["x;\ny;", "b"], number: 1))
        #expect(first("a;b,c\n") == .fields(["a", "b,c"], number: 1))
        #expect(first("|||") == .fields(["", "", "", ""], number: 1))
    }

    @Test(arguments: [1, 2, 3, .max])
    func excelsLineTellsTheSeparatorAndIsNoRecord(_ step: Int) {
        func all(_ text: String, _ separator: CSVSeparator? = nil) -> [CSVReader.Record] {
            read(Array(text.utf8), step: step, separator: separator)
        }
        let records: [CSVReader.Record] = [.fields(["a,b", "c"], number: 1), .fields(["1", "2"], number: 2)]
        #expect(all("sep=;\r\na,b;c\r\n1;2\r\n") == records)
        #expect(all("\u{FEFF}SEP=|\ra,b|c\r1|2") == records)
        #expect(all("\n\nsep=\t\na,b\tc\n1\t2") == records)
        #expect(all("sep=,\na,b;c\n1;2", .semicolon) == records)
        #expect(all("sep=;") == [])
        #expect(all("sep=x\na\n") == [.fields(["sep=x"], number: 1), .fields(["a"], number: 2)])
        #expect(all("a\nsep=;\n") == [.fields(["a"], number: 1), .fields(["sep=;"], number: 2)])
        #expect(all("sep=;;\n") == [.fields(["sep=", "", ""], number: 1)])
    }

    @Test func aPersonMayTellTheSeparator() {
        let text = Array("a,b,c;d\n1,2;3\n".utf8)
        #expect(
            read(text, separator: .semicolon) == [
                .fields(["a,b,c", "d"], number: 1), .fields(["1,2", "3"], number: 2),
            ])
        var reader = CSVReader()
        reader.append(text)
        #expect(reader.separator == nil)
        #expect(reader.next() == .fields(["a", "b", "c;d"], number: 1))
        #expect(reader.separator == .comma)
    }

    @Test func aBadRecordIsReportedAndTheNextOneRead() {
        var latin1 = Array("name,phone\nZo".utf8)
        latin1 += [0xEB]
        latin1 += Array(",1\nok,2\n".utf8)
        #expect(
            read(latin1) == [
                .fields(["name", "phone"], number: 1), .problem(.notUTF8, number: 2), .fields(["ok", "2"], number: 3),
            ])
        #expect(
            read("a,b\nx\"y,1\nok,2\n") == [
                .fields(["a", "b"], number: 1), .problem(.badQuotes, number: 2), .fields(["ok", "2"], number: 3),
            ])
        #expect(
            read("a,b\n\"x\"y,1\nok,2\n") == [
                .fields(["a", "b"], number: 1), .problem(.badQuotes, number: 2), .fields(["ok", "2"], number: 3),
            ])
        #expect(
            read("a,b\n1,\"never closed\n2,3\n") == [.fields(["a", "b"], number: 1), .problem(.badQuotes, number: 2)])
    }

    @Test func aMillionColumnsAndEndlessCellsAreBounded() {
        let columns = read("a,b\n" + String(repeating: "x,", count: 1_000_000) + "\nok,1\n")
        #expect(
            columns == [
                .fields(["a", "b"], number: 1), .problem(.tooManyColumns, number: 2), .fields(["ok", "1"], number: 3),
            ])
        let cell = read("a,b\n" + String(repeating: "x", count: 1_000_000) + ",1\nok,1\n")
        #expect(
            cell == [
                .fields(["a", "b"], number: 1), .problem(.fieldTooLong, number: 2), .fields(["ok", "1"], number: 3),
            ])
    }

    @Test func aHeaderOfTenThousandColumnsIsReported() {
        let names = (0..<10_000).map { "column \($0)" }.joined(separator: ";")
        #expect(read(names + "\n1;2\n") == [.problem(.tooManyColumns, number: 1), .fields(["1", "2"], number: 2)])
        let most = Array(repeating: "x", count: CSVReader.maximumColumns)
        #expect(read(most.joined(separator: ",") + "\n") == [.fields(most, number: 1)])
    }

    @Test func aFieldMayBeAsLongAsTheBound() {
        let longest = String(repeating: "x", count: CSVReader.maximumFieldBytes)
        for step in [1_000, .max] {
            #expect(
                read(Array("\(longest),\"\(longest)\"".utf8), step: step) == [.fields([longest, longest], number: 1)])
            #expect(read(Array("a,\(longest)x".utf8), step: step) == [.problem(.fieldTooLong, number: 1)])
        }
    }

    /// Nothing of a field without an end is kept, however much of it comes.
    @Test func aFileWithoutAnEndIsBorne() {
        for opening in ["", "\"", "a,\"", "a,b\n\""] {
            var reader = CSVReader()
            reader.append(Array(opening.utf8))
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            for _ in 0..<64 {
                reader.append(piece)
                while let record = reader.next() { #expect(record == .fields(["a", "b"], number: 1)) }
            }
            reader.finish()
            let last = opening.contains("\n") ? 2 : 1
            #expect(reader.next() == .problem(.fieldTooLong, number: last))
            #expect(reader.next() == nil)
            #expect(reader.bytesRead == opening.utf8.count + 64 << 20)
        }
    }

    @Test func noBytesMakeATrapAndNoCutChangesThem() {
        var random = Seeded(1)
        let alphabet = Array("ab,;\t|\"\"\"\r\n =".utf8) + [0xEF, 0xBB, 0xBF, 0xC3, 0xA9, 0]
        for _ in 0..<4_000 {
            let opening = ["", "\u{FEFF}", "sep=;", "sep=,\r\n"].randomElement(using: &random) ?? ""
            let size = Int.random(in: 0...60, using: &random)
            let file = Array(opening.utf8) + (0..<size).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let whole = read(file)
            for step in 1...3 { #expect(read(file, step: step) == whole) }
        }
    }

    @Test func everyPrefixOfAFileIsReadWithoutATrap() {
        let text = Array("\u{FEFF}\"a\"\"\",b\r\n1,\"x\r\ny\"\r\n,,\"\n".utf8)
        for end in 0...text.count { _ = read(Array(text[..<end]), step: 1) }
    }
}
