// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// One SQL statement, written as SQL: `"SELECT name FROM app.customers WHERE id = \(id)"`.
///
/// An interpolated value becomes `$1` and travels beside the text; there is no way to put a string into the text but to
/// write it in the source. A statement can be built from fragments, each a literal of its own.
package struct Statement: ExpressibleByStringInterpolation, Sendable {
    /// Literal text between parameters: always one more than there are parameters.
    private var pieces: [String]
    private(set) var parameters: Parameters
    /// False for texts of which there are many variants, such as bulk inserts: those would fill the cache of prepared ones.
    package var isPrepared = true

    package init(stringLiteral text: String) {
        pieces = [text]
        parameters = Parameters()
    }

    package init(stringInterpolation interpolation: Interpolation) {
        pieces = interpolation.pieces
        parameters = interpolation.parameters
    }

    package static func += (statement: inout Statement, fragment: Statement) {
        statement.pieces[statement.pieces.count - 1] += fragment.pieces[0]
        statement.pieces.append(contentsOf: fragment.pieces.dropFirst())
        statement.parameters.append(contentsOf: fragment.parameters)
    }

    /// The text with its placeholders numbered.
    var text: String {
        var text = pieces[0]
        for index in 1..<max(1, pieces.count) {
            text += "$"
            text += String(index)
            text += pieces[index]
        }
        return text
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var pieces: [String] = [""]
        fileprivate var parameters = Parameters()

        package init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount + 1)
        }

        package mutating func appendLiteral(_ literal: String) {
            if pieces[pieces.count - 1].isEmpty {
                pieces[pieces.count - 1] = literal
            } else {
                pieces[pieces.count - 1] += literal
            }
        }

        package mutating func appendInterpolation(_ parameter: some SQLParameter) {
            parameters.append(parameter)
            pieces.append("")
        }

        /// Nil becomes NULL. Said apart, since the compiler takes an optional in an interpolation for a slip.
        package mutating func appendInterpolation<Parameter: SQLParameter>(_ parameter: Parameter?) {
            parameters.append(parameter)
            pieces.append("")
        }
    }
}
