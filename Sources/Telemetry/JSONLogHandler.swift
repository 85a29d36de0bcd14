// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import JSON
import Logging

/// swift-log's lines as JSON objects: `ts`, `level`, `msg`, then the metadata in order of name.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let sink: LogSink

    package init(sink: LogSink) { self.sink = sink }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var json = JSONWriter()
        json.object { json in
            json.member("ts", Instant.now())
            json.member("level", event.level.rawValue)
            json.member("msg", event.message.description)
            if let error = event.error { json.member("error", String(describing: error)) }
            let all = metadata.merging(event.metadata ?? [:]) { _, later in later }
            guard !all.isEmpty else { return }
            json.member("data") { json in
                json.object { json in
                    for (name, value) in all.sorted(by: { $0.key < $1.key }) { json.member(dynamic: name, "\(value)") }
                }
            }
        }
        sink.write(json.bytes)
    }
}
