// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import QRCodes
import Testing

@Suite struct QRCodeTests {
    /// As `qrencode -8 -l M -m 0 -t ASCII` draws it.
    private static let known = """
        #######..#.##.#...#######
        #.....#.#.#.##....#.....#
        #.###.#..##.#..#..#.###.#
        #.###.#...#..#....#.###.#
        #.###.#.#..#.#..#.#.###.#
        #.....#..#.##.##..#.....#
        #######.#.#.#.#.#.#######
        ............#............
        #.#.#.#...##....#...#..#.
        #.####....####..#.##.####
        #.##..#.##.#..#.##.######
        ###..#..########..####.#.
        .##.#.#####...#.####.#..#
        .#.###.....#..###.#..##.#
        #..#..##.##..#....###..##
        .#...#..#.##...#.#.#.#...
        #...###.#...#...#####..##
        ........#..###.##...#.#.#
        #######..####.###.#.##.##
        #.....#..#..###.#...##.#.
        #.###.#.##.#..#.#####...#
        #.###.#...##..#....##.#..
        #.###.#.#....#.#...###..#
        #.....#...##....##.#...#.
        #######.#...#...###.##.##
        """

    private func drawn(_ code: QRCode) -> String {
        (0..<code.side).map { row in
            (0..<code.side).map { code.isDark(row: row, column: $0) ? "#" : "." }.joined()
        }.joined(separator: "\n")
    }

    @Test func aTextIsDrawnAsElsewhere() throws {
        #expect(drawn(try QRCode("upi://pay?pa=a@b")) == Self.known)
    }

    @Test func whateverFitsHasItsThreeCorners() throws {
        for bytes in [1, 14, 15, 100, 400, QRCode.maximumBytes] {
            let code = try QRCode(String(repeating: "x", count: bytes)), end = code.side - 1
            #expect((21...177).contains(code.side) && code.side % 4 == 1)
            for (row, column) in [(0, 0), (0, end), (end, 0)] { #expect(code.isDark(row: row, column: column)) }
            #expect(!code.isDark(row: 7, column: 7))
        }
        #expect(try QRCode("मीरा") != QRCode("मीर"))
    }

    @Test func whatDoesNotFitIsRefused() {
        for text in ["", String(repeating: "x", count: QRCode.maximumBytes + 1), String(repeating: "आ", count: 501)] {
            #expect(throws: QRCode.Failure.length) { try QRCode(text) }
        }
    }

    @Test func aPictureHasEveryDarkModuleAndNothingOfAnybodys() throws {
        let code = try QRCode("</title><script>alert(1)</script>"), svg = code.svg
        let dark = (0..<code.side).reduce(0) { sum, row in
            sum + (0..<code.side).count { code.isDark(row: row, column: $0) }
        }
        let runs = svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/)
        #expect(runs.reduce(0) { $0 + (Int($1.3) ?? 0) } == dark)
        let range = QRCode.quietZone..<QRCode.quietZone + code.side
        #expect(runs.allSatisfy { range.contains(Int($0.1) ?? -1) && range.contains(Int($0.2) ?? -1) && $0.3 == $0.4 })
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>"))
        for word in ["script", "style=", "href", "alert", "on"] { #expect(!svg.contains(" \(word)")) }
        #expect(!svg.contains("<script"))
    }

    @Test func theLibraryTellsItsVersion() {
        #expect(QRCodeLibrary.version.hasPrefix("libqrencode 4."))
    }
}
