// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap

struct Libraries: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the C libraries this build is linked with.")

    func run() {
        for version in LinkedLibraries.versions { print(version) }
    }
}
