// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Testing

@Suite struct TextDecoderTests {
    private func decode(_ bytes: [UInt8], as told: TextEncoding? = nil, step: Int = .max) -> ([UInt8], TextEncoding) {
        var decoder = TextDecoder(told), text: [UInt8] = [], rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(step))
            rest = rest.dropFirst(chunk.count)
            text += decoder.decode(chunk)
        }
        text += decoder.finish()
        return (text, decoder.encoding)
    }

    /// The text in pieces of every size; that they agree is expected.
    private func text(_ bytes: [UInt8], as told: TextEncoding? = nil) -> (String?, TextEncoding) {
        let (whole, encoding) = decode(bytes, as: told)
        for step in [1, 2, 3, 4_095, 70_000] {
            let (pieces, found) = decode(bytes, as: told, step: step)
            #expect(pieces == whole && found == encoding)
        }
        return (String(validating: whole, as: UTF8.self), encoding)
    }

    private func utf16(_ text: String, isLittle: Bool) -> [UInt8] {
        text.utf16.flatMap { unit in
            let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            return isLittle ? pair : pair.reversed()
        }
    }

    private let hindi = "नाम\tफोन\r\nअनिता 😀\t9000000001\r\n"

    @Test func aMarkSaysWhatFollows() {
        #expect(text([0xEF, 0xBB, 0xBF] + Array(hindi.utf8)) == (hindi, .utf8))
        #expect(text([0xFF, 0xFE] + utf16(hindi, isLittle: true)) == (hindi, .utf16LittleEndian))
        #expect(text([0xFE, 0xFF] + utf16(hindi, isLittle: false)) == (hindi, .utf16BigEndian))
    }

    @Test func withoutAMarkTheBytesSayIt() {
        #expect(text(Array(hindi.utf8)) == (hindi, .utf8))
        #expect(text(utf16(hindi, isLittle: true)) == (hindi, .utf16LittleEndian))
        #expect(text(utf16(hindi, isLittle: false)) == (hindi, .utf16BigEndian))
        #expect(text(Array("name,phone\n".utf8)) == ("name,phone\n", .utf8))
        #expect(text([]) == ("", .utf8))
        let french: [UInt8] = [0x5A, 0x6F, 0xEB, 0x20, 0x80, 0x20, 0x93, 0x41, 0x94, 0xFF]
        #expect(text(french) == ("Zoë € “A”ÿ", .windows1252))
    }

    /// The first letter beyond ASCII may come late.
    @Test func plainTextBeforeItDecidesNothing() {
        let plain = Array(String(repeating: "Asha,9000000001\n", count: 20_000).utf8)
        #expect(text(plain + [0xEB, 0x0A]).1 == .windows1252)
        #expect(text(plain + Array("रमेश\n".utf8)).1 == .utf8)
    }

    @Test func oneBadByteDoesNotMakeAnotherFileOfIt() {
        let row = Array("रमेश,9000000001\n".utf8)
        let many = Array(repeating: row, count: 50_000).flatMap { $0 }
        // Behind more than a megabyte, in the first lines, and as the last byte.
        for place in [many.count / row.count / 2 * row.count, 2 * row.count, many.count] {
            var file = many
            file.insert(0xEB, at: place)
            let (out, encoding) = decode(file)
            #expect(encoding == .utf8)
            #expect(out == file)
        }
    }

    @Test func aFileThatIsNotWhatItsMarkSaysKeepsItsBadBytes() {
        let (out, encoding) = decode([0xEF, 0xBB, 0xBF, 0x5A, 0x6F, 0xEB, 0x0A, 0x61])
        #expect(encoding == .utf8)
        #expect(out == [0x5A, 0x6F, 0xEB, 0x0A, 0x61])
        // A person says what it is.
        #expect(text([0xEF, 0xBB, 0xBF, 0x5A, 0x6F, 0xEB], as: .windows1252) == ("Zoë", .windows1252))
    }

    @Test func halfCharactersOfUTF16AreNotUTF8() {
        for bytes: [UInt8] in [
            [0x61, 0x00, 0x62],  // half a unit
            [0x61, 0x00, 0x3D, 0xD8], [0x3D, 0xD8, 0x61, 0x00], [0x00, 0xDE, 0x61, 0x00],
            [0x3D, 0xD8, 0x3D, 0xD8, 0x00, 0xDE],
        ] {
            #expect(text([0xFF, 0xFE] + bytes) == (nil, .utf16LittleEndian))
        }
        // The row is reported, and its neighbours are read.
        let (out, _) = decode(
            [0xFF, 0xFE] + utf16("a\n", isLittle: true) + [0x3D, 0xD8] + utf16("\nb\n", isLittle: true))
        var reader = CSVReader(), records: [CSVReader.Record] = []
        reader.append(out)
        reader.finish()
        while let record = reader.next() { records.append(record) }
        #expect(records == [.fields(["a"], number: 1), .problem(.notUTF8, number: 2), .fields(["b"], number: 3)])
    }

    @Test func zerosAndControlCharactersStay() {
        #expect(
            text(Array("a\u{0}b\u{1}c, and more than that\n".utf8)) == ("a\u{0}b\u{1}c, and more than that\n", .utf8))
        #expect(text([0x41, 0x81, 0xE9, 0x00], as: .windows1252) == ("A\u{81}é\u{0}", .windows1252))
        #expect(text(utf16("a\u{0}b, and more\n", isLittle: true)).0 == "a\u{0}b, and more\n")
        // Zeros on both sides are not UTF-16.
        #expect(text(Array(repeating: 0, count: 5_000)).1 == .utf8)
    }

    @Test func whatAPersonSaysHolds() {
        let bytes = Array("Zoë".utf8)
        #expect(text(bytes, as: .windows1252) == ("ZoÃ«", .windows1252))
        #expect(text([0x5A, 0xEB], as: .utf8) == (nil, .utf8))
        #expect(text(Array("ab".utf8), as: .utf16BigEndian) == ("慢", .utf16BigEndian))
        for encoding in TextEncoding.allCases {
            #expect(decode([0xFF, 0xFE, 0xFD], as: encoding, step: 1).1 == encoding)
        }
    }

    @Test func noBytesMakeATrapAndNoCutChangesThem() {
        var random = Seeded(7)
        for round in 0..<600 {
            let alphabet: [UInt8] = round % 3 == 0 ? [0, 0x61, 0xD8, 0xDC, 0xFE, 0xFF] : Array(0...255)
            let size = round % 300 == 0 ? 80_000 : Int.random(in: 0...40, using: &random)
            let bytes = (0..<size).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let told = round % 2 == 0 ? nil : TextEncoding.allCases.randomElement(using: &random)
            let (whole, encoding) = decode(bytes, as: told)
            let (pieces, found) = decode(
                bytes, as: told, step: size > 100 ? 1_009 : Int.random(in: 1...5, using: &random))
            #expect(pieces == whole && found == encoding)
        }
    }
}
