// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import Glibc

/// A new file for what concerns nobody else: only its owner may read it, and nothing that is there is written over.
struct PrivateFile {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let path: String
    let handle: FileHandle

    init(creating path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(description: "\(path) cannot be made: \(unsafe String(cString: strerror(errno))).")
        }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func remove() { unsafe unlink(path) }
}
