// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Jobs

/// Work on one import. Asked again it goes on behind the last committed row.
package protocol ImportWork: Job {
    var id: CustomerImport.ID { get }
    init(_ id: CustomerImport.ID)
}

private enum ImportWorkKeys: String, CodingKey { case importID = "import_id" }

extension ImportWork {
    /// 200,000 rows took 40 seconds on two cores; a busy database takes longer.
    package static var timeout: Duration { .seconds(1_800) }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ImportWorkKeys.self)
        let text = try container.decode(String.self, forKey: .importID)
        guard let id = CustomerImport.ID(text) else {
            throw DecodingError.dataCorruptedError(forKey: .importID, in: container, debugDescription: "no import's id")
        }
        self.init(id)
    }

    /// `{"import_id": "imp_…"}`
    package func write(to json: inout JSONWriter) { json.object { json in json.member("import_id", id) } }

    /// One job of a kind for each import, however often it is asked for.
    var uniqueKey: String { id.uuid.hex }
}

/// Works through one stored customer file.
package struct CustomerImportJob: ImportWork {
    package static let kind = "customer_import"
    package let id: CustomerImport.ID

    package init(_ id: CustomerImport.ID) { self.id = id }
}

/// Takes a whole import back.
package struct ImportUndoJob: ImportWork {
    package static let kind = "customer_import_undo"
    package let id: CustomerImport.ID

    package init(_ id: CustomerImport.ID) { self.id = id }
}
