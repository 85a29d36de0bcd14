// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation

/// The lines of a file of any size, one at a time.
struct Lines: ~Copyable {
    struct TooLong: Error, CustomStringConvertible {
        let description = "A line is longer than 64 KiB: this is not a file of one JSON object a line."
    }

    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0

    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: an error that says why it cannot be read.
    init(of path: String) throws {
        handle = path == "-" ? .standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    }

    /// - Returns: nil at the end.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            guard buffer.count - start <= 65_536 else { throw TooLong() }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            guard let piece = try handle.read(upToCount: 65_536), !piece.isEmpty else {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : buffer
            }
            buffer += piece
        }
    }
}
