// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Which bytes HTTP allows where, as tables of 256 flags.
enum ByteClass {
    /// `tchar` of RFC 9110 §5.6.2: methods and field names.
    static let token = table { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }

    /// `pchar`, `/` and `?` of RFC 3986 §3.3 and §3.4, `%` aside.
    static let target = table {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-._~!$&'()*+,;=:@/?".utf8.contains($0)
    }

    /// Field content of RFC 9110 §5.5: visible ASCII, space, tab and the bytes above ASCII.
    static let fieldValue = table { $0 == 0x09 || (0x20...0x7E).contains($0) || $0 >= 0x80 }

    /// What a Host field may hold: a registered name or address and a port.
    static let host = table { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-._~[]:".utf8.contains($0) }

    private static func table(_ contains: (UInt8) -> Bool) -> [Bool] { (0...255).map { contains(UInt8($0)) } }
}
