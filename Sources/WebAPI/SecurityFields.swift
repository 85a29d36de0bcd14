// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import HTTPMessage
import HTTPTypes

/// What every reply carries for browsers (ASVS 5.0, 3.2 and 3.4).
struct SecurityFields: Sendable {
    /// For replies of the API: nothing but data is to be made of them, and nothing kept.
    let data: ResponseFields
    /// For the files of the web app: they may use each other and the API, and nobody else's anything.
    private let webApp: ResponseFields
    /// For pages that the server writes: nothing but what they say, in the style they bring.
    private let page: ResponseFields

    private static let ownOnly =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
        + "frame-ancestors 'none'"

    /// - Parameter isEncrypted: then browsers are told never to come back without TLS (RFC 6797).
    init(isEncrypted: Bool) {
        var common: ResponseFields = [.xContentTypeOptions: "nosniff", .referrerPolicy: "no-referrer"]
        if isEncrypted { common.append(.strictTransportSecurity, "max-age=31536000; includeSubDomains") }
        var data: ResponseFields = [
            .cacheControl: "no-store",
            .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox",
        ]
        data.append(contentsOf: common)
        self.data = data
        var webApp: ResponseFields = [.contentSecurityPolicy: Self.ownOnly]
        webApp.append(.crossOriginOpenerPolicy, "same-origin")
        webApp.append(contentsOf: common)
        self.webApp = webApp
        var page: ResponseFields = [
            .cacheControl: "no-store",
            .contentSecurityPolicy:
                "default-src 'none'; style-src '\(PrintedPage.styleHash)'; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'none'; sandbox",
        ]
        page.append(contentsOf: common)
        self.page = page
    }

    func fields(for use: Response.Use) -> ResponseFields {
        switch use {
        case .data: data
        case .webApp: webApp
        case .page: page
        }
    }
}

extension HTTPField.Name {
    static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy") ?? .from
    static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .from
}
