// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPMessage
import HTTPTypes
import Testing
import WebApp

@Suite struct StaticFilesTests {
    /// Serves a folder with these files in it.
    private func serve(_ files: [String: String]) throws -> StaticFiles {
        let folder = NSTemporaryDirectory() + "unnati-files-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, content) in files {
            let path = URL(fileURLWithPath: folder + "/" + name)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: path)
        }
        return try StaticFiles(folder: folder)
    }

    private func get(
        _ files: StaticFiles, _ path: String, _ fields: [(name: HTTPField.Name, value: String)] = []
    ) -> Response? {
        files.response(to: RequestHead(method: .get, path: path, fields: RequestFields(fields)))
    }

    private func text(_ response: Response?) -> String? {
        guard case .bytes(let bytes)? = response?.body else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let app = [
        "index.html": "<!doctype html>", "app-3f9a1c2b77.js": "a long script", "app-3f9a1c2b77.js.br": "B",
        "app-3f9a1c2b77.js.gz": "GZ", "help/index.html": "help", ".secret": "x", ".git/config": "x", "data": "?",
    ]

    @Test func aFileIsFoundByItsNameAndNothingElseIs() throws {
        let files = try serve(Self.app)

        #expect(text(get(files, "/index.html")) == "<!doctype html>")
        #expect(text(get(files, "/")) == "<!doctype html>")
        #expect(text(get(files, "/help/")) == "help")
        #expect(get(files, "/")?.fields[.contentType] == "text/html; charset=utf-8")
        #expect(get(files, "/data")?.fields[.contentType] == "application/octet-stream")
        let nobody = [
            "/help", "/.secret", "/.git/config", "//index.html", "/./index.html", "/help/../index.html",
            "/%69ndex.html",
            "/app-3f9a1c2b77.js.br", "", "/etc/passwd",
        ]
        for path in nobody { #expect(get(files, path) == nil, "\(path)") }
    }

    @Test(arguments: [
        ("", "a long script", nil), ("gzip", "GZ", "gzip"), ("gzip, br", "B", "br"), ("GZIP;q=0.5", "GZ", "gzip"),
        ("br;q=0, gzip", "GZ", "gzip"), ("br;q=0.0", "a long script", nil), ("*", "B", "br"),
        ("*;q=0", "a long script", nil),
        ("x-gzip", "GZ", "gzip"), ("zstd", "a long script", nil), ("br;q=nonsense", "a long script", nil),
        (",,;;q=1,br", "B", "br"),
    ])
    func theSmallestFormThatAClientTakesIsSent(_ accept: String, _ body: String, _ encoding: String?) throws {
        let files = try serve(Self.app)

        let response = get(files, "/app-3f9a1c2b77.js", accept.isEmpty ? [] : [(.acceptEncoding, accept)])

        #expect(text(response) == body)
        #expect(response?.fields[.contentEncoding] == encoding)
        #expect(response?.fields[.vary] == "Accept-Encoding")
        #expect(response?.fields[.cacheControl] == "public, max-age=31536000, immutable")
    }

    @Test func whoHasAFileIsToldSoAndGetsNothing() throws {
        let files = try serve(Self.app)
        let plain = try #require(get(files, "/app-3f9a1c2b77.js")?.fields[.eTag])
        let brotli = try #require(get(files, "/app-3f9a1c2b77.js", [(.acceptEncoding, "br")])?.fields[.eTag])
        #expect(plain != brotli)

        for tags in [plain, "\"other\", W/\(plain)", "*"] {
            let response = get(files, "/app-3f9a1c2b77.js", [(.ifNoneMatch, tags)])
            #expect(response?.status == .notModified)
            #expect(response?.fields[.eTag] == plain)
            #expect(text(response) == "")
        }
        #expect(get(files, "/app-3f9a1c2b77.js", [(.ifNoneMatch, brotli)])?.status == .ok)
    }

    @Test func aRangeIsPassedOver() throws {
        let files = try serve(Self.app)
        for range in ["bytes=0-1", "bytes=0-9223372036854775807", "bytes=5-1,1-5", "nonsense"] {
            let response = get(files, "/index.html", [(.range, range)])
            #expect(response?.status == .ok)
            #expect(text(response) == "<!doctype html>")
            #expect(response?.fields[.acceptRanges] == "none")
        }
    }

    @Test func aFolderThatIsNotThereIsAReasonNotToStart() {
        #expect(throws: StaticFiles.Failure.self) { try StaticFiles(folder: "/nonexistent/folder") }
    }
}
