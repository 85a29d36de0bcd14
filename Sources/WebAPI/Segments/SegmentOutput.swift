// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "seg_…", "name": "Regulars", "definition": {"all": [{"field": "stage", "op": "is", "value": "active"}, …]}, "broken":
/// ["custom.size"], "count": 120, "version": 1, "created_at": "…", "updated_at": "…"}`; broken only where it is, the count only in a
/// list that was asked for it.
enum SegmentOutput {
    static func write(_ segment: Segment, size: Int? = nil, to json: inout JSONWriter) {
        let broken = segment.filter.broken
        json.object { json in
            json.member("id", segment.id)
            json.member("name", segment.name)
            json.member("definition") { segment.filter.definition.write(to: &$0) }
            if !broken.isEmpty { json.member("broken", broken) }
            if let size { json.member("count", size) }
            json.member("version", segment.version)
            json.member("created_at", segment.createdAt)
            json.member("updated_at", segment.updatedAt)
        }
    }

    static func response(_ segment: Segment, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(segment, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(segment.version)
    }

    /// `"count": 120, "reachable": {"whatsapp": {"service": 118, "marketing": 40, "referral": 12}, "sms": {…}, …}`
    static func writeMembers(_ counts: SegmentCounts, to json: inout JSONWriter) {
        json.member("count", counts.customers)
        json.member("reachable") { json in
            json.object { json in
                for channel in ConsentChannel.allCases {
                    json.member(dynamic: channel.rawValue) { json in
                        json.object { json in
                            for purpose in ConsentPurpose.allCases {
                                json.member(dynamic: purpose.rawValue) {
                                    $0.number(counts.reachable(on: channel, for: purpose))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
