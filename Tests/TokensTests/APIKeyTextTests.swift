// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Testing
import Tokens

@Suite struct APIKeyTextTests {
    @Test func aTypingMistakeIsSeenWithoutAskingAnybody() throws {
        let text = APIKeyText.random().text.reveal()
        #expect(text.wholeMatch(of: /unn_live_[0-9A-Za-z]{36}/) != nil)
        #expect(APIKeyText(text) != nil)
        let letters = Array(text)
        for index in 9..<letters.count {
            var wrong = letters
            wrong[index] = wrong[index] == "a" ? "b" : "a"
            #expect(APIKeyText(String(wrong)) == nil, "\(index)")
        }
        for wrong in [
            "", "unn_live_", text + "a", String(text.dropLast()), " " + text, text.uppercased(),
            "unn_live_" + String(repeating: "é", count: 18),
        ] {
            #expect(APIKeyText(wrong) == nil)
        }
    }

    /// Worked out with Python's zlib.crc32.
    @Test func theChecksumIsThatOfOthers() {
        #expect(APIKeyText("unn_live_0123456789ABCDEFGHIJKLMNOPQRST000000") == nil)
        #expect(APIKeyText("unn_live_0123456789ABCDEFGHIJKLMNOPQRST4bXqcv") != nil)
    }
}
