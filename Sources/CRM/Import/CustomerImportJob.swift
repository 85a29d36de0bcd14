// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Jobs

/// Works through one stored customer file. Asked again it goes on behind the last committed row.
package struct CustomerImportJob: Job {
    package static let kind = "customer_import"
    /// 200,000 rows took 40 seconds on two cores; a busy database takes longer.
    package static let timeout: Duration = .seconds(1_800)

    let id: CustomerImport.ID

    init(_ id: CustomerImport.ID) { self.id = id }

    private enum CodingKeys: String, CodingKey { case importID = "import_id" }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .importID)
        guard let id = CustomerImport.ID(text) else {
            throw DecodingError.dataCorruptedError(forKey: .importID, in: container, debugDescription: "no import's id")
        }
        self.id = id
    }

    /// `{"import_id": "imp_…"}`
    package func write(to json: inout JSONWriter) { json.object { json in json.member("import_id", id) } }

    /// One job for each import, however often it is asked for.
    var uniqueKey: String { id.uuid.hex }
}
