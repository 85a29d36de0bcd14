// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import HTTPMessage
import HTTPTypes

/// One file of the web app, in every encoding that was made of it beforehand.
struct StaticFile: Sendable {
    /// A form in which the file can be sent.
    struct Variant: Sendable {
        let encoding: ContentEncoding
        let bytes: [UInt8]
        /// Differs between encodings, as bytes do (RFC 9110 §8.8.3).
        let tag: String

        init(_ encoding: ContentEncoding, _ bytes: [UInt8]) {
            self.encoding = encoding
            self.bytes = bytes
            let digest = SHA256.hash(data: bytes)
            tag = "\"\(Hex.encode(digest.prefix(12)))-\(encoding.rawValue)\""
        }
    }

    let type: MediaType
    /// The file as it is comes last; the smallest comes first.
    let variants: [Variant]
    /// The name holds a hash of the content: whoever has it has it for good.
    let isImmutable: Bool

    /// - Parameter variants: at least the file as it is.
    init(name: String, variants: [Variant]) {
        type = MediaType(ofName: name)
        isImmutable = Self.hasHash(name)
        self.variants = variants.sorted { $0.bytes.count < $1.bytes.count }
    }

    /// `app-3f9a1c2b77.js`: a dash and eight or more hexadecimal digits before the last dot.
    private static func hasHash(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), let dash = name[..<dot].lastIndex(of: "-") else { return false }
        let hash = name[name.index(after: dash)..<dot]
        return hash.count >= 8 && hash.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
    }

    /// 200 with the smallest form that the client takes, or 304 when it has that. A `Range` is passed over, which any server
    /// may do (RFC 9110 §14.2): files are small, and `Accept-Ranges: none` says so.
    func response(to request: RequestHead) -> Response {
        let accepted = AcceptedEncodings(request.fields.values(.acceptEncoding))
        let variant = variants.first { accepted.contains($0.encoding) } ?? variants[variants.count - 1]
        var fields: ResponseFields = [
            .eTag: variant.tag, .acceptRanges: "none",
            .cacheControl: isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
        ]
        if variants.count > 1 { fields.append(.vary, "Accept-Encoding") }
        guard !EntityTags(request.fields.values(.ifNoneMatch)).contains(variant.tag) else {
            return Self.document(Response(.notModified, fields: fields))
        }
        fields.append(.contentType, type.rawValue)
        if variant.encoding != .identity { fields.append(.contentEncoding, variant.encoding.rawValue) }
        return Self.document(Response(.ok, fields: fields, body: variant.bytes))
    }

    private static func document(_ response: Response) -> Response {
        var response = response
        response.use = .webApp
        return response
    }
}

/// What files are made of, by the end of their names. Others are bytes to save and nothing to show.
enum MediaType: String, Sendable {
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case javaScript = "text/javascript; charset=utf-8"
    case json = "application/json"
    case manifest = "application/manifest+json"
    case svg = "image/svg+xml"
    case png = "image/png"
    case webP = "image/webp"
    case icon = "image/x-icon"
    case font = "font/woff2"
    case text = "text/plain; charset=utf-8"
    case yaml = "application/yaml"
    case bytes = "application/octet-stream"

    init(ofName name: String) {
        let types: [Substring: MediaType] = [
            "html": .html, "css": .css, "js": .javaScript, "mjs": .javaScript, "json": .json, "map": .json,
            "webmanifest": .manifest, "svg": .svg, "png": .png, "webp": .webP, "ico": .icon, "woff2": .font,
            "txt": .text, "yaml": .yaml,
        ]
        self = name.lastIndex(of: ".").flatMap { types[name[name.index(after: $0)...]] } ?? .bytes
    }
}
