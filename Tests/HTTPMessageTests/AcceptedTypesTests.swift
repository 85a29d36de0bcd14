// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import Testing

@Suite struct AcceptedTypesTests {
    private static let offers = ["text/csv", "text/html"]

    @Test(arguments: [
        ([], "text/csv"), (["*/*"], "text/csv"), (["text/*"], "text/csv"), (["text/html"], "text/html"),
        (["text/html, */*;q=0.8"], "text/html"), (["text/csv;q=0.5, text/html;q=0.4"], "text/csv"),
        (["text/csv;q=0.4", "TEXT/HTML ; q=0.5"], "text/html"), (["text/csv;q=0, */*"], "text/html"),
        (["application/json"], "text/csv"), (["text/html;q=x"], "text/csv"), (["text, /html, text/, ,;;"], "text/csv"),
        (["text/html;charset=utf-8"], "text/html"),
        (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], "text/html"),
    ])
    func whatIsWantedMostIsSent(_ values: [String], _ type: String) {
        #expect(AcceptedTypes(values).preferred(among: Self.offers) == type)
    }
}
