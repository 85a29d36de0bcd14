// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct CSVReaderTests {
    private func read(_ bytes: [UInt8], step: Int = .max) -> [CSVReader.Record] {
        var reader = CSVReader(), records: [CSVReader.Record] = [], rest = bytes[...]
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
        #expect(read("a;b\n1,2;3\n") == [.fields(["a", "b"], number: 1), .fields(["1,2", "3"], number: 2)])
        #expect(read("a\tb\n1;2\t3\n") == [.fields(["a", "b"], number: 1), .fields(["1;2", "3"], number: 2)])
        #expect(read("name\nRao, Asha\n") == [.fields(["name"], number: 1), .fields(["Rao", " Asha"], number: 2)])
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

    @Test func everyPrefixOfAFileIsReadWithoutATrap() {
        let text = Array("\u{FEFF}\"a\"\"\",b\r\n1,\"x\r\ny\"\r\n,,\"\n".utf8)
        for end in 0...text.count { _ = read(Array(text[..<end]), step: 1) }
    }
}
