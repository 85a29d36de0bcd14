// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import HTTPMessage
import HTTPTypes
import JSON

/// `{"id": "pip_…", "name": "Orders", "template": "tailor.orders", "position": 1, "stages": [{"id": "stg_…", "name": "Enquiry", "kind":
/// "open"}, …], "version": 1}`
enum PipelineOutput {
    static func write(_ pipeline: Pipeline, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", pipeline.id)
            json.member("name", pipeline.name)
            json.member("template", pipeline.template)
            json.member("position", pipeline.position)
            json.member("stages") { json in
                json.array { json in for stage in pipeline.stages { write(stage, to: &json) } }
            }
            json.member("version", pipeline.version)
        }
    }

    static func write(_ stage: Pipeline.Stage, to json: inout JSONWriter) {
        json.object { json in
            json.member("id", stage.id)
            json.member("name", stage.name)
            json.member("kind", stage.kind.rawValue)
        }
    }

    static func response(_ pipeline: Pipeline, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter()
        write(pipeline, to: &json)
        return .json(bytes: json.bytes, status: status).ofVersion(pipeline.version)
    }
}

/// `{"key": "tailor.orders", "trade": "tailor", "language": "hi", "name": "ऑर्डर", "stages": [{"name": "पूछताछ", "kind": "open"}, …]}`
enum ReadyPipelineOutput {
    static func write(_ ready: ReadyPipeline, in language: Language, to json: inout JSONWriter) {
        json.object { json in
            json.member("key", ready.key)
            json.member("trade", ready.trade)
            json.member("language", ReadyPipeline.language(for: language).rawValue)
            json.member("name", ready.name(in: language))
            json.member("stages") { json in
                json.array { json in
                    for stage in ready.stages {
                        json.object { json in
                            json.member("name", stage.name(in: language))
                            json.member("kind", stage.kind.rawValue)
                        }
                    }
                }
            }
        }
    }
}
