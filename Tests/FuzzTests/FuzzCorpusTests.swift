// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import FuzzTargets
import TestSupport
import Testing

/// Every input that fuzzing kept, run again: a target fails by trapping, which ends the whole run.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func whatWasFoundStaysMended(_ target: FuzzTarget) throws {
        let folder = Contract.repository + "/Tests/Fuzz/corpus/\(target.rawValue)"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count >= 3)
        for file in files {
            target.run(Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))))
        }
    }
}
