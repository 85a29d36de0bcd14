// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CQRencode

/// A square of dark and light modules that a telephone's camera reads (ISO/IEC 18004), with error correction M: it is still read
/// when 15 % of it is soiled. Made by libqrencode.
package struct QRCode: Sendable, Equatable {
    /// A symbol has room for 2,331 bytes at most, but one that is shown on a small screen should have a third of that.
    package static let maximumBytes = 1_500

    package enum Failure: Error, Sendable, Equatable {
        /// Nothing, or more than ``maximumBytes``.
        case length
        /// No memory.
        case library
    }

    /// Modules of a side, 21 to 177.
    package let side: Int
    /// Row by row from the top left.
    private let isDark: [Bool]

    /// - Parameter text: taken as bytes of UTF-8.
    package init(_ text: String) throws(Failure) {
        let bytes = Array(text.utf8)
        guard (1...Self.maximumBytes).contains(bytes.count) else { throw .length }
        // The smallest version that has room.
        guard let symbol = unsafe QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else { throw .library }
        defer { unsafe QRcode_free(symbol) }
        let width = unsafe Int(symbol.pointee.width)
        guard let data = unsafe symbol.pointee.data, width > 0 else { throw .library }
        side = width
        // The lowest bit of each byte is the colour; the others say what the module is for.
        isDark = unsafe UnsafeBufferPointer(start: data, count: width * width).map { $0 & 1 == 1 }
    }

    /// - Parameters: from 0 to ``side`` - 1.
    package func isDark(row: Int, column: Int) -> Bool { isDark[row * side + column] }
}

/// The libqrencode this build is linked with.
package enum QRCodeLibrary {
    /// `libqrencode 4.1.1`, for the list an operator compares with advisories.
    package static var version: String {
        guard let text = unsafe QRcode_APIVersionString() else { return "libqrencode" }
        return unsafe "libqrencode " + String(cString: text)
    }
}
