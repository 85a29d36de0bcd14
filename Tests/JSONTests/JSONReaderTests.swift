// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Testing

@Suite struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("-0", .integer(0)), ("12", .integer(12)), ("1.5", .number(1.5)),
            ("1e2", .number(100)),
            ("9223372036854775807", .integer(.max)), (#""\u0041\n\ud83d\ude00""#, .string("A\n😀")), ("[]", .array([])),
            ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])),
        ] as [(String, JSONValue)])
    func readsWhatTheStandardAllows(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONReader.parse(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru e", "01", "+1", "1.", ".5", "1e", "-", "[1,]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}",
        "'a'", "\"a", "\"\\x\"",
        "\"\\u12\"",
        "\"\t\"", "\"\n\"", "// c\n1", "1 2", "[1]x", "\u{FEFF}1", "NaN", "Infinity", "{\"a\":}", "[", "{", "\"\u{0}\"",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect { try JSONReader.parse(Array(text.utf8)) } throws: { ($0 as? JSONError)?.code == .malformedJSON }
    }

    @Test func refusesOtherEncodings() {
        for bytes: [UInt8] in [
            [0xFF, 0xFE, 0x31, 0x00], [0x22, 0xE9, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        ] {
            #expect { try JSONReader.parse(bytes) } throws: { ($0 as? JSONError)?.code == .malformedJSON }
        }
    }

    @Test(arguments: [#""\u0000""#, #""\ud800""#, #""\udc00\ud800""#, #""\ud800\u0041""#, #"{"a":"\ud83d"}"#])
    func refusesCharactersThatCannotBeStored(_ text: String) {
        #expect { try JSONReader.parse(Array(text.utf8)) } throws: { ($0 as? JSONError)?.code == .forbiddenCharacter }
    }

    @Test func refusesAMemberThatStandsTwice() {
        #expect { try JSONReader.parse(Array(#"{"x":{"a~/b":1,"a~/b":2}}"#.utf8)) } throws: { error in
            let error = error as? JSONError
            return error?.code == .duplicateKey && error?.pointer == "/x/a~0~1b"
        }
    }

    @Test func boundsAreHeldAtTheLimitAndOnePastIt() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        func long(_ count: Int) -> [UInt8] { Array("\"\(String(repeating: "x", count: count))\"".utf8) }
        func many(_ count: Int) -> [UInt8] {
            Array("[\(Array(repeating: "1", count: count).joined(separator: ","))]".utf8)
        }

        for accepted in [nested(32), long(65_536), many(9_999), Array(String(repeating: "1", count: 32).utf8)] {
            _ = try JSONReader.parse(accepted)
        }
        for refused in [
            nested(33), nested(100_000), long(65_537), many(10_000), Array(String(repeating: "1", count: 33).utf8),
            Array("1e999".utf8),
        ] {
            #expect { try JSONReader.parse(refused) } throws: { ($0 as? JSONError)?.code == .limitExceeded }
        }
    }

    @Test func noTruncationOfAValidTextIsAccepted() {
        let text = Array(#"{"a":[1,-2.5e3,"\u0041\ud83d\ude00x",true,null,{"b":"c"}]}"#.utf8)
        for end in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONReader.parse(Array(text[..<end])) }
        }
    }
}

@Suite struct JSONDecodingTests {
    struct Input: Decodable, Equatable {
        let name: String, count: Int?
        let child: Child?
        struct Child: Decodable, Equatable { let flags: [Bool] }
    }

    private func errors(_ text: String) -> [String] {
        do {
            _ = try JSONDecoding.decode(Input.self, from: Array(text.utf8))
            return []
        } catch let error as ValidationError {
            return error.fields.map { "\($0.pointer) \($0.code)" }
        } catch { return ["\(error)"] }
    }

    @Test func readsAType() throws {
        let input = try JSONDecoding.decode(Input.self, from: Array(#"{"name":"n","child":{"flags":[true]}}"#.utf8))
        #expect(input == Input(name: "n", count: nil, child: .init(flags: [true])))
    }

    @Test func namesThePlaceOfEveryFault() {
        #expect(errors(#"{"name":"n","nam":1,"x/y":2}"#) == ["/nam unknown_field", "/x~1y unknown_field"])
        #expect(errors(#"{}"#) == ["/name required"])
        #expect(errors(#"{"name":1}"#) == ["/name wrong_type"])
        #expect(errors(#"{"name":"n","count":1.0}"#) == ["/count wrong_type"])
        #expect(errors(#"{"name":"n","count":1e2}"#) == ["/count wrong_type"])
        #expect(errors(#"{"name":"n","child":{"flags":[true,0]}}"#) == ["/child/flags/1 wrong_type"])
        #expect(errors(#"{"name":"n","child":{"flags":[],"more":1}}"#) == ["/child/more unknown_field"])
        #expect(errors(#"{"name":"n","count":null}"#) == ["/count wrong_type"])
        #expect(errors(#"{"name":"n","child":null}"#) == ["/child wrong_type"])
        #expect(errors("[]") == [" wrong_type"])
    }
}

@Suite struct JSONWriterTests {
    @Test func whatItWritesIsReadBackAsItWas() throws {
        let text = "quote \" backslash \\ newline \n tab \t bell \u{7} delete \u{7F} 😀 सुरेश"
        var json = JSONWriter(capacity: 1)
        json.object { json in
            json.member("text", text)
            json.member("absent", String?.none)
            json.member("number", Int.min)
            json.member("flag", false)
            json.member("list", ["a", "b"])
            json.member(dynamic: "a\"b", "c")
        }

        #expect(
            try JSONReader.parse(json.bytes)
                == .object([
                    .init(key: "text", value: .string(text)), .init(key: "number", value: .integer(.min)),
                    .init(key: "flag", value: .bool(false)),
                    .init(key: "list", value: .array([.string("a"), .string("b")])),
                    .init(key: "a\"b", value: .string("c")),
                ]))
    }

    /// Texts are copied eight bytes at a time where they can be.
    @Test func anyByteInAnyPlaceOfATextOfAnyLengthIsReadBack() throws {
        for byte in UInt8(1)..<0x80 {
            for length in 1...25 {
                for place in 0..<length {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    bytes[place] = byte
                    var json = JSONWriter()
                    json.string(bytes.span)
                    let written = json.bytes
                    guard try JSONReader.parse(written) == .string(String(decoding: bytes, as: UTF8.self)) else {
                        Issue.record("\(byte) at \(place) of \(length)")
                        return
                    }
                    // Nothing is escaped without need, and nothing that must be is left.
                    let isEscaped = written.count > length + 2
                    #expect(isEscaped == (byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F))
                }
            }
        }
    }

    @Test func namesOfAnyLengthStandAsTheyAre() throws {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 1)
            json.member("bc", 2)
            json.member("def", 3)
            json.member("ghijkl", 4)
            json.member("ninebytes", 5)
            json.member("sixteen_byte_nam", 6)
            json.member("more_than_sixteen", 7)
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"a":1,"bc":2,"def":3,"ghijkl":4,"ninebytes":5,"sixteen_byte_nam":6,"more_than_sixteen":7}"#)
    }
}
