// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Everything that reads what a stranger wrote, each as a function of bytes. A target fails by trapping: on an input that
/// the product cannot bear, or on a property that does not hold.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case http, chunked, json, query, forwarded, proxyHeader, traceParent, cookies, negotiation, cursor, accessToken,
        refreshToken, password, csv, person, moment, outboundURL, mail,
        typedCode, keySet, idToken, sealed, vCard, importText, payment

    package func run(_ bytes: [UInt8]) {
        switch self {
        case .http: HTTPTargets.connection(bytes)
        case .chunked: HTTPTargets.chunkedBody(bytes)
        case .json: TextTargets.json(bytes)
        case .query: HTTPTargets.query(bytes)
        case .forwarded: HTTPTargets.forwarded(bytes)
        case .proxyHeader: HTTPTargets.proxyHeader(bytes)
        case .traceParent: HeaderTargets.traceParent(bytes)
        case .cookies: HeaderTargets.cookies(bytes)
        case .negotiation: HeaderTargets.negotiation(bytes)
        case .cursor: TokenTargets.cursor(bytes)
        case .accessToken: TokenTargets.accessToken(bytes)
        case .refreshToken: TokenTargets.refreshToken(bytes)
        case .password: TokenTargets.storedPassword(bytes)
        case .typedCode: TokenTargets.typedCode(bytes)
        case .keySet: TokenTargets.keySet(bytes)
        case .idToken: TokenTargets.idToken(bytes)
        case .sealed: TokenTargets.sealed(bytes)
        case .csv: TextTargets.csv(bytes)
        case .vCard: ImportTargets.vCard(bytes)
        case .importText: ImportTargets.text(bytes)
        case .person: TextTargets.person(bytes)
        case .moment: TextTargets.moment(bytes)
        case .payment: TextTargets.payment(bytes)
        case .outboundURL: OutboundTargets.url(bytes)
        case .mail: OutboundTargets.mail(bytes)
        }
    }
}
