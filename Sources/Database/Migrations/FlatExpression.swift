// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// An expression as PostgreSQL prints it, without the parentheses that only say in which order equal operators were
/// written: `((a AND b) AND c)` is what a restored database prints where the first one printed `(a AND b AND c)`.
enum FlatExpression {
    private indirect enum Piece {
        case text(String)
        case group([Piece])
    }

    static func of(_ text: String) -> String {
        var rest = Substring(text)
        return print(flatten(parse(&rest)))
    }

    /// Up to the parenthesis that closes the group, or the end.
    private static func parse(_ rest: inout Substring) -> [Piece] {
        var pieces: [Piece] = [], text = "", isQuoted = false
        while let character = rest.popFirst() {
            if character == "'" { isQuoted.toggle() }
            if isQuoted || !"()".contains(character) {
                text.append(character)
                continue
            }
            pieces.append(.text(text))
            text = ""
            if character == ")" { return pieces }
            pieces.append(.group(parse(&rest)))
        }
        return pieces + [.text(text)]
    }

    /// `AND` or `OR` where all operators of this level are that one.
    private static func connector(of pieces: [Piece]) -> String? {
        let words = pieces.flatMap { piece -> [Substring] in
            if case .text(let text) = piece { text.split(separator: " ") } else { [] }
        }
        let found = Set(words.filter { $0 == "AND" || $0 == "OR" })
        return found.count == 1 ? found.first.map { String($0) } : nil
    }

    private static func flatten(_ pieces: [Piece]) -> [Piece] {
        let connector = connector(of: pieces)
        var flat: [Piece] = []
        for piece in pieces {
            guard case .group(let inner) = piece else {
                flat.append(piece)
                continue
            }
            let inside = flatten(inner)
            // An operand stands behind the operator or at the beginning; what stands behind a name are arguments.
            var isOperand = flat.isEmpty
            if case .text(let before)? = flat.last {
                isOperand = before.isEmpty || before.hasSuffix("\(connector ?? "?") ")
            }
            if let connector, isOperand, self.connector(of: inside) == connector {
                flat += inside
            } else {
                flat.append(.group(inside))
            }
        }
        return flat
    }

    private static func print(_ pieces: [Piece]) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .group(let inner): "(" + print(inner) + ")"
            }
        }.joined()
    }
}
