// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation

/// Other people's servers, played by `Tests/Simulator`: one for the whole run, which ends with it.
package struct Simulator: Sendable {
    package let ports: [String: Int]
    /// Certificate of the authority that its good certificates are signed by.
    package let authority: String

    package static let shared: Simulator = {
        do { return try Simulator() } catch { fatalError("the simulator does not start: \(error)") }
    }()

    /// Its end of the simulator's standard input, which must stay open.
    private let input: Pipe

    private init() throws {
        let process = Process(), output = Pipe()
        input = Pipe()
        process.executableURL = URL(fileURLWithPath: Contract.repository + "/.local/venv/bin/python")
        process.arguments = [Contract.repository + "/Tests/Simulator"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { throw CocoaError(.executableLoad) }
            line += piece
        }
        let told = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
        ports = told.compactMapValues { $0 as? Int }
        authority = told["ca"] as? String ?? ""
    }

    package func url(_ path: String = "", over server: String = "http") -> String {
        let scheme = ["http": "http", "smtps": "smtps"][server] ?? (server.hasPrefix("smtp") ? "smtp" : "https")
        return "\(scheme)://\(scheme == "http" ? "127.0.0.1" : "localhost"):\(ports[server] ?? 0)\(path)"
    }

    /// A path of its own that answers with these steps, as `Tests/Simulator/web.py` describes them.
    package func script(_ steps: [String: any Sendable]...) throws -> String {
        let path = "/" + UUID().uuidString.lowercased()
        try script(path, steps)
        return path
    }

    /// The same for a path that is there already.
    package func script(_ path: String, _ steps: [String: any Sendable]...) throws { try script(path, steps) }

    private func script(_ path: String, _ steps: [[String: any Sendable]]) throws {
        let body = try JSONSerialization.data(withJSONObject: ["path": path, "steps": steps])
        _ = try control("PUT", "/_simulator/script", Array(body))
    }

    /// What has come in for a path, oldest first.
    package func log(_ path: String) throws -> [Entry] {
        try JSONDecoder().decode([Entry].self, from: Data(control("GET", "/_simulator/log?path=\(path)").body))
    }

    package func mail(to address: String) throws -> [Message] {
        try JSONDecoder().decode([Message].self, from: Data(control("GET", "/_simulator/mail?to=\(address)").body))
    }

    /// Text messages to a number in E.164 form, oldest first.
    package func texts(to number: String) throws -> [TextMessage] {
        let number = number.replacing("+", with: "%2B")
        return try JSONDecoder().decode(
            [TextMessage].self, from: Data(control("GET", "/_simulator/sms?to=\(number)").body))
    }

    /// The code that was sent last to a number or an address, once there are so many.
    package func code(to recipient: String, number: Int = 1) async throws -> String {
        for _ in 0..<500 {
            if recipient.contains("@") {
                let messages = try mail(to: recipient)
                if messages.count >= number, let text = messages.last?.parts["text/plain"],
                    let match = text.firstMatch(of: /[0-9]{6}/)
                {
                    return String(match.0)
                }
            } else {
                let texts = try texts(to: recipient)
                if texts.count >= number, let text = texts.last { return text.code }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw CocoaError(.fileReadUnknown)
    }

    package struct TextMessage: Decodable, Sendable { package let by: String, to: String, code: String }

    /// What a browser gets.
    package func get(_ target: String, headers: [String: String]) throws -> RawClient.Reply {
        try control("GET", target, headers: headers)
    }

    private func control(
        _ method: String, _ target: String, _ body: [UInt8] = [], headers: [String: String] = [:]
    ) throws -> RawClient.Reply {
        let port = UInt16(ports["http"] ?? 0), client = try RawClient(port: port)
        defer { client.close() }
        let lines = headers.map { "\($0): \($1)\r\n" }.joined()
        try client.send(
            "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: \(body.count)\r\n\(lines)\r\n")
        try client.send(body)
        return try client.readReply()
    }

    package struct Entry: Decodable, Sendable {
        package let method: String, target: String
        package let connection: Int
        package let fields: [[String]]
        package let encrypted: Bool
        /// Seconds, from some moment on.
        package let at: Double
        let body: String

        package var bytes: [UInt8] { Array(Data(base64Encoded: body) ?? Data()) }
        package func field(_ name: String) -> String? { fields.first { $0[0] == name }?[1] }
    }

    package struct Message: Decodable, Sendable {
        package let from: String, to: [String]
        package let encrypted: Bool
        /// As Python's mail parser reads them, by their type.
        package let parts: [String: String]
        let fields: [[String]], content: String

        package func field(_ name: String) -> String? { fields.first { $0[0] == name }?[1] }

        package var text: String { String(decoding: Data(base64Encoded: content) ?? Data(), as: UTF8.self) }
    }
}
