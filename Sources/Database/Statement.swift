// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// One SQL statement, written as SQL: `"SELECT name FROM app.customers WHERE id = \(id)"`.
///
/// An interpolated value becomes `$1` and travels beside the text; there is no way to put a string into the text but to
/// write it in the source. A statement can be built from fragments, each a literal of its own.
package struct Statement: ExpressibleByStringInterpolation, Sendable {
    /// The text with a mark where each parameter stands. SQL holds no NUL, so nothing in a text can be taken for the mark.
    private(set) var template: String
    private(set) var parameters: Parameters
    /// False for texts of which there are many variants, such as bulk inserts: those would fill the cache of prepared ones.
    package var isPrepared = true

    private static let mark: UInt8 = 0

    static let commit: Statement = "COMMIT", rollback: Statement = "ROLLBACK"

    package init(stringLiteral text: String) {
        template = text
        parameters = Parameters()
    }

    package init(stringInterpolation interpolation: Interpolation) {
        template = interpolation.template
        parameters = interpolation.parameters
    }

    package static func += (statement: inout Statement, fragment: Statement) {
        statement.template += fragment.template
        statement.parameters.append(contentsOf: fragment.parameters)
    }

    /// The text with its placeholders numbered.
    var text: String {
        var text: [UInt8] = []
        text.reserveCapacity(template.utf8.count + parameters.count * 5)
        var number = 0
        for byte in template.utf8 {
            guard byte == Self.mark else {
                text.append(byte)
                continue
            }
            number += 1
            text.append(contentsOf: "$\(number)".utf8)
        }
        return String(decoding: text, as: UTF8.self)
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var template = ""
        fileprivate var parameters: Parameters

        package init(literalCapacity: Int, interpolationCount: Int) {
            template.reserveCapacity(literalCapacity + interpolationCount)
            parameters = Parameters(capacity: interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { template += literal }

        package mutating func appendInterpolation(_ parameter: some SQLParameter) {
            parameters.append(parameter)
            template.unicodeScalars.append(Unicode.Scalar(Statement.mark))
        }

        /// A part that is itself written as SQL in the source, with what it carries.
        package mutating func appendInterpolation(_ fragment: Statement) {
            template += fragment.template
            parameters.append(contentsOf: fragment.parameters)
        }

        /// Nil becomes NULL. Said apart, since the compiler takes an optional in an interpolation for a slip.
        package mutating func appendInterpolation<Parameter: SQLParameter>(_ parameter: Parameter?) {
            parameters.append(parameter)
            template.unicodeScalars.append(Unicode.Scalar(Statement.mark))
        }
    }
}
