// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

extension QRCode {
    /// Modules of light around it, without which a camera does not find it (ISO/IEC 18004, 5.3.8).
    package static let quietZone = 4

    /// A picture of one unit for each module, at any size: dark on white, also where a page is dark. It holds nothing but numbers of
    /// ours, and neither scripts nor styles.
    package var svg: String {
        let width = side + 2 * Self.quietZone
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(width)" width="\(width * 8)" height="\(width * 8)" \
            role="img" shape-rendering="crispEdges"><title>QR</title><path fill="#fff" d="M0 0h\(width)v\(width)H0z"/>\
            <path fill="#000" d="\(outline)"/></svg>
            """
    }

    /// Each run of dark modules of a row as a rectangle.
    private var outline: String {
        var path = ""
        for row in 0..<side {
            var column = 0
            while column < side {
                guard isDark(row: row, column: column) else {
                    column += 1
                    continue
                }
                let first = column
                while column < side, isDark(row: row, column: column) { column += 1 }
                let length = column - first
                path += "M\(first + Self.quietZone) \(row + Self.quietZone)h\(length)v1h-\(length)z"
            }
        }
        return path
    }
}
