// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Foundation
import HTTPMessage

/// The files of a folder, read once and kept in memory: a request names one of them or none, and no path of its own making
/// ever reaches the file system.
///
/// A file `app.js` may have siblings `app.js.br` and `app.js.gz`, made beforehand: they are sent in its place to clients
/// that take them. Nothing is compressed while anybody waits.
package struct StaticFiles: Sendable {
    /// What keeps a folder from being served, and what to do.
    package struct Failure: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    package static let maximumFiles = 2_000, maximumBytes = 64 << 20

    private let files: [String: StaticFile]

    /// - Parameter folder: files and folders whose names begin with a dot are left out. `index.html` is at `/` of its folder.
    /// - Throws: ``Failure`` when the folder cannot be read or holds more than fits.
    package init(folder: String) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            let names = FileManager.default.enumerator(atPath: folder)
        else {
            throw Failure(description: "The folder \(folder) cannot be read. Name another one with WEB_DIRECTORY.")
        }
        var contents: [String: [UInt8]] = [:], bytes = 0
        for case let name as String in names where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            let path = folder + "/" + name
            guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
            else {
                continue
            }
            guard let content = FileManager.default.contents(atPath: path) else {
                throw Failure(description: "The file \(path) cannot be read. Check its owner and permissions.")
            }
            contents[name] = Array(content)
            bytes += content.count
            guard contents.count <= Self.maximumFiles, bytes <= Self.maximumBytes else {
                throw Failure(
                    description:
                        "The folder \(folder) holds more than \(Self.maximumFiles) files or \(Self.maximumBytes >> 20) MiB, which are kept in memory. Serve it elsewhere."
                )
            }
        }
        files = Self.files(contents)
    }

    private static func files(_ contents: [String: [UInt8]]) -> [String: StaticFile] {
        let suffixes = [(".br", ContentEncoding.brotli), (".gz", .gzip)]
        var files: [String: StaticFile] = [:]
        for (name, content) in contents {
            if suffixes.contains(where: { name.hasSuffix($0.0) && contents[String(name.dropLast(3))] != nil }) {
                continue
            }
            let encoded = suffixes.compactMap { suffix, encoding in
                contents[name + suffix].map { StaticFile.Variant(encoding, $0) }
            }
            let file = StaticFile(name: name, variants: encoded + [StaticFile.Variant(.identity, content)])
            files["/" + name] = file
            if name == "index.html" || name.hasSuffix("/index.html") { files["/" + name.dropLast(10)] = file }
        }
        return files
    }

    package var count: Int { files.count }

    /// The file at this address, as the client takes it; nil when there is none.
    package func response(to request: RequestHead) -> Response? { files[request.path]?.response(to: request) }
}
