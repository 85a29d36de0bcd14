// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// The state of the Blowfish cipher as bcrypt uses it: 18 subkeys and four boxes of 256 words, in one block of memory.
///
/// bcrypt spends nearly all its time in `encipher`, about 2^cost * 1042 times per password. Its table look-ups go
/// through a pointer without bounds checks, which is safe because every index is a byte into a box of 256 words or a
/// constant below 18.
@safe struct Blowfish: ~Copyable {
    private static let subkeyCount = 18
    private static let wordCount = 18 + 4 * 256

    private let words: UnsafeMutablePointer<UInt32>

    /// Subkeys and boxes filled with the digits of pi.
    init() {
        unsafe words = .allocate(capacity: Self.wordCount)
        unsafe piWords.withUnsafeBufferPointer { digits in
            guard let base = digits.baseAddress else { return }
            unsafe words.initialize(from: base, count: Self.wordCount)
        }
    }

    deinit {
        // The schedule is derived from a password: leave nothing of it in freed memory.
        unsafe words.update(repeating: 0, count: Self.wordCount)
        unsafe words.deallocate()
    }

    /// The subkeys copied out of the block. The compiler keeps them in registers and fixed places of the stack, where it
    /// would otherwise have to suppose that a write to a box changes them; that is worth a fifteenth of the time.
    private typealias Subkeys = InlineArray<18, UInt32>

    private var subkeys: Subkeys { Subkeys { index in unsafe words[index] } }

    /// One block of 64 bits through sixteen rounds, written out in pairs so that the halves need no swapping.
    @inline(__always)
    private borrowing func encipher(_ left: inout UInt32, _ right: inout UInt32, _ p: borrowing Subkeys) {
        let s = unsafe words + Self.subkeyCount
        @inline(__always) func f(_ x: UInt32) -> UInt32 {
            let a = unsafe s[Int(x >> 24)], b = unsafe s[256 + Int(x >> 16 & 0xFF)]
            let c = unsafe s[512 + Int(x >> 8 & 0xFF)], d = unsafe s[768 + Int(x & 0xFF)]
            return ((a &+ b) ^ c) &+ d
        }
        var l = left ^ p[0], r = right
        r ^= f(l) ^ p[1]; l ^= f(r) ^ p[2]
        r ^= f(l) ^ p[3]; l ^= f(r) ^ p[4]
        r ^= f(l) ^ p[5]; l ^= f(r) ^ p[6]
        r ^= f(l) ^ p[7]; l ^= f(r) ^ p[8]
        r ^= f(l) ^ p[9]; l ^= f(r) ^ p[10]
        r ^= f(l) ^ p[11]; l ^= f(r) ^ p[12]
        r ^= f(l) ^ p[13]; l ^= f(r) ^ p[14]
        r ^= f(l) ^ p[15]; l ^= f(r) ^ p[16]
        left = r ^ p[17]
        right = l
    }

    /// Mixes a key into the subkeys, then replaces subkeys and boxes by a chain of enciphered blocks, each block first
    /// mixed with half of the salt in turn (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999, §4).
    /// - Parameters:
    ///   - key: 18 words.
    ///   - salt: 4 words; all zero for a schedule without salt.
    borrowing func expand(key: [UInt32], salt: [UInt32]) {
        precondition(key.count == 18 && salt.count == 4)
        mix(key)
        var left: UInt32 = 0, right: UInt32 = 0, half = 0
        for index in stride(from: 0, to: Self.wordCount, by: 2) {
            left ^= salt[half]
            right ^= salt[half + 1]
            half ^= 2
            encipher(&left, &right, subkeys)
            put(left, right, at: index)
        }
    }

    /// The same without salt, where nearly all of the time goes: first the subkeys, which change with each block, then the
    /// boxes, during which they stay.
    borrowing func expand(key: [UInt32]) {
        precondition(key.count == 18)
        mix(key)
        var left: UInt32 = 0, right: UInt32 = 0, index = 0
        while index < Self.subkeyCount {
            encipher(&left, &right, subkeys)
            put(left, right, at: index)
            index += 2
        }
        let subkeys = subkeys
        while index < Self.wordCount {
            encipher(&left, &right, subkeys)
            put(left, right, at: index)
            index += 2
        }
    }

    private borrowing func mix(_ key: [UInt32]) {
        for index in 0..<Self.subkeyCount { unsafe words[index] ^= key[index] }
    }

    @inline(__always)
    private borrowing func put(_ left: UInt32, _ right: UInt32, at index: Int) {
        unsafe words[index] = left
        unsafe words[index + 1] = right
    }

    /// Enciphers each pair of words 64 times over.
    borrowing func encipher64(_ block: inout [UInt32]) {
        let subkeys = subkeys
        for index in stride(from: 0, to: block.count - 1, by: 2) {
            var left = block[index], right = block[index + 1]
            for _ in 0..<64 { encipher(&left, &right, subkeys) }
            block[index] = left
            block[index + 1] = right
        }
    }
}
