// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto

/// Pages that people read and print: text in a few elements, in a style that their security policy knows by its hash. There is no
/// script in them, no picture and no link, and whatever people have typed is text.
enum PrintedPage {
    /// Small enough for a slow connection, black on white for a printer, figures under each other.
    static let style = """
        body{margin:2rem auto;max-width:52rem;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color:#000;background:#fff}\
        h1{font-size:1.5rem;margin:0}p{margin:.25rem 0}table{width:100%;margin-top:1rem;border-collapse:collapse}\
        th,td{padding:.35rem .5rem;border-bottom:1px solid #999;text-align:left;vertical-align:top}\
        .n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.s{font-weight:bold}\
        thead{display:table-header-group}tr{break-inside:avoid}@media print{body{margin:0;max-width:none;padding:0}}
        """

    /// As a security policy names it (CSP 3, §2.3.1).
    static let styleHash = "sha256-" + Base64.standard.encode(Array(SHA256.hash(data: Array(style.utf8)))) + "="

    /// - Parameters:
    ///   - language: of the page, by its code.
    ///   - title: any text.
    static func head(_ language: String, _ title: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="\(escaped(language))"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">\
        <title>\(escaped(title))</title><style>\(style)</style></head><body>

        """
    }

    static let tail = "</body></html>\n"

    /// Any text as text, between tags and in values in quotes.
    static func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
