// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Foundation
import HTTPMessage
import HTTPTransport

/// Measures the request parser alone: `ParserProbe FILE SECONDS` reads a request from a file, parses it over and over as it
/// would come from a socket, and prints requests and bytes per second.
let request = [UInt8](try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
let seconds = Double(CommandLine.arguments[2]) ?? 1

var parser = RequestParser(limits: HTTPLimits())
let clock = ContinuousClock()
let begin = clock.now
var parsed = 0
while clock.now - begin < .seconds(seconds) {
    for _ in 0..<1_000 {
        unsafe request.withUnsafeBytes { unsafe parser.append($0) }
        reading: while true {
            switch parser.next() {
            case .needsMore: break reading
            case .violation(let violation): fatalError(violation.detail)
            case .end: parsed += 1
            default: continue reading
            }
        }
    }
}
let elapsed = (clock.now - begin) / .seconds(1)
print("\(Int(Double(parsed) / elapsed)) \(Int(Double(parsed * request.count) / elapsed))")
