// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// A language that customers are written to in, by its code of ISO 639.
package enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case hindi = "hi"
    case bengali = "bn"
    case telugu = "te"
    case marathi = "mr"
    case tamil = "ta"
    case urdu = "ur"
    case gujarati = "gu"
    case kannada = "kn"
    case malayalam = "ml"
    case odia = "or"
    case punjabi = "pa"
    case assamese = "as"
}
