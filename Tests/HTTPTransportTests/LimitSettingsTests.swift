// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite struct LimitSettingsTests {
    @Test func theReadmeNamesEveryLimitWithItsDefault() throws {
        let readme = try String(contentsOfFile: Contract.repository + "/README.md", encoding: .utf8)
        let limits = HTTPLimits()
        for setting in HTTPLimits.settings {
            #expect(readme.contains("| `\(setting.name)` | \(limits[setting]) |"), "\(setting.name)")
            #expect(setting.range.contains(limits[setting]), "\(setting.name)")
        }
    }

    @Test func everyLimitCanBeSet() {
        var limits = HTTPLimits()
        for setting in HTTPLimits.settings { limits[setting] = setting.range.upperBound }
        for setting in HTTPLimits.settings { #expect(limits[setting] == setting.range.upperBound, "\(setting.name)") }
        // One for each member, so that none is forgotten.
        #expect(HTTPLimits.settings.count == Mirror(reflecting: limits).children.count)
    }
}
