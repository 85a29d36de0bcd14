// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Walks through the words of a statement. Every step is total: at the end there is nothing more to take.
struct WordCursor {
    private let words: [String]
    private(set) var position = 0

    init(_ words: [String]) { self.words = words }

    var next: String? { position < words.count ? words[position] : nil }
    var rest: ArraySlice<String> { words[position...] }

    /// Passes over these words if they come next.
    @discardableResult
    mutating func take(_ expected: String...) -> Bool {
        guard rest.starts(with: expected) else { return false }
        position += expected.count
        return true
    }

    @discardableResult
    mutating func takeAny(of expected: Set<String>) -> String? {
        guard let next, expected.contains(next) else { return nil }
        position += 1
        return next
    }

    @discardableResult
    mutating func takeWord() -> String? {
        defer { position = min(words.count, position + 1) }
        return next
    }

    /// A name with or without its schema: `app.customers`.
    mutating func takeName() -> String? {
        guard var name = takeWord() else { return nil }
        while take("."), let part = takeWord() { name += "." + part }
        return name
    }

    /// Goes on behind the first place where these words follow one another.
    mutating func skip(past expected: String...) -> Bool {
        while position + expected.count <= words.count {
            if rest.starts(with: expected) {
                position += expected.count
                return true
            }
            position += 1
        }
        return false
    }

    /// What is left, split at commas outside parentheses.
    func list() -> [[String]] {
        var items: [[String]] = [[]], depth = 0
        for word in rest {
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            if word == ",", depth == 0 { items.append([]) } else { items[items.count - 1].append(word) }
        }
        return items.filter { !$0.isEmpty }
    }
}

extension Sequence<String> {
    /// Whether these words stand one behind the other.
    func contains(inARow expected: String...) -> Bool {
        let words = Array(self)
        guard words.count >= expected.count else { return false }
        return (0...(words.count - expected.count)).contains { words[$0...].starts(with: expected) }
    }
}
