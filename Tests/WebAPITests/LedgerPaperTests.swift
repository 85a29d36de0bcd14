// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Crypto
import Foundation
import TestSupport
import Testing

/// What a shop hands to a customer: statements, reminders, codes to pay by.
@Suite struct LedgerPaperTests {
    private func page(_ acme: TestTenant, _ target: String) async throws -> RawClient.Reply {
        try await acme.api.request(
            "GET", target, token: acme.token, headers: [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
    }

    // MARK: - Statements

    @Test func aStatementIsAFileThatASpreadsheetOpensSafely() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let path = "/v1/customers/\(id)/ledger/statement"
            let wrong = try await acme.book.note(
                "given", 123_456_789, for: id, ["occurred_on": "2024-01-05", "note": "=HYPERLINK(\"x\"), two"])
            try await acme.book.note(
                "received", 200_000_000, for: id, ["occurred_on": "2024-02-01", "method": "upi"])
            try await acme.book.note(
                "adjusted", 100, for: id, ["occurred_on": "2024-03-01", "reason": "+91 was wrong"])

            let file = try await acme.get(path + "?to=2024-03-31")
            #expect(file.header("Content-Type") == "text/csv; charset=utf-8")
            #expect(file.header("Content-Disposition") == "attachment; filename=\"statement.csv\"")
            #expect(file.header("Vary")?.contains("Accept") == true)
            #expect(
                file.text == "\u{FEFF}"
                    + [
                        "date,kind,details,debit,credit,balance", ",opening,,,,0.00",
                        "2024-01-05,given,\"'=HYPERLINK(\"\"x\"\"), two\",1234567.89,,1234567.89",
                        "2024-02-01,received,upi,,2000000.00,-765432.11",
                        "2024-03-01,adjusted,'+91 was wrong,1.00,,-765431.11", "2024-03-31,closing,,,,-765431.11", "",
                    ].joined(separator: "\r\n"))
            #expect(
                try await acme.get(path + "?from=2024-01-06&to=2024-02-29").text == "\u{FEFF}"
                    + [
                        "date,kind,details,debit,credit,balance", "2024-01-06,opening,,,,1234567.89",
                        "2024-02-01,received,upi,,2000000.00,-765432.11", "2024-02-29,closing,,,,-765432.11", "",
                    ].joined(separator: "\r\n"))
            // The days at both ends are part of it.
            let day = try await acme.get(path + "?from=2024-02-01&to=2024-02-01").text
            #expect(day.contains("2024-02-01,received,upi") && !day.contains("given") && !day.contains("adjusted"))
            #expect(try await acme.book.reverse(wrong).status == 201)
            #expect(try await acme.get(path).text.contains(",reversal,Written down twice,,1234567.89,-1999999.00"))
            #expect(try await api.request("HEAD", path, token: acme.token).body.isEmpty)
        }
    }

    @Test(arguments: [
        "from=yesterday", "to=2024-02-30", "from=2024-02-01&to=2024-01-31", "from=9999-01-01", "language=fr",
        "format=pdf",
    ])
    func whatAStatementDoesNotKnowIsRefused(_ query: String) async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            let reply = try await acme.get("/v1/customers/\(id)/ledger/statement?" + query)
            #expect(reply.status == 400 && reply.problemCode == "invalid_query")
        }
    }

    @Test func aLongBookComesWholeAndAddsUp() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer()
            try api.database.run(
                as: "postgres",
                """
                INSERT INTO app.ledger_entries (tenant_id, id, customer_id, kind, debit_account, credit_account, amount_paise, occurred_on, actor)
                SELECT '\(acme.id.uuid.hex)', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '\(id.dropFirst(4))', 'given', 'receivable',
                       'sales_on_credit', n, 20240101 + n % 7, 'system' FROM generate_series(1, 1750) AS n
                """)
            let sum = 1_750 * 1_751 / 2
            for reply in [
                try await acme.get("/v1/customers/\(id)/ledger/statement"),
                try await page(acme, "/v1/customers/\(id)/ledger/statement"),
            ] {
                let isFile = reply.header("Content-Type")?.hasPrefix("text/csv") == true
                let amounts = reply.text.matches(of: isFile ? /given,,([0-9.]+),/ : /credit.{0,40}?₹([0-9,.]+)</)
                    .compactMap { Rupees(String($0.1))?.paise }
                #expect(amounts.count == 1_750 && Set(amounts).count == 1_750, "\(amounts.count)")
                #expect(reply.text.contains(isFile ? Rupees(paise: sum).decimal : Rupees(paise: sum).description))
                #expect(reply.text.hasSuffix(isFile ? "\r\n" : "</body></html>\n"))
            }
        }
    }

    @Test func aPageShowsWhatWasTypedAndRunsNothing() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Meera & <b>Daughters</b>")
            let name = "<script>alert('x')</script>\" onload=\"x"
            let id = try await acme.makeCustomer(["name": name])
            try await acme.book.note(
                "given", 123_456_789, for: id,
                ["occurred_on": "2024-01-05", "due_on": "2024-02-15", "note": "</td><img src=x onerror=alert(1)>"])
            let reply = try await page(acme, "/v1/customers/\(id)/ledger/statement?from=2024-01-01&to=2024-12-31")

            #expect(reply.status == 200 && reply.header("Content-Type") == "text/html; charset=utf-8")
            #expect(reply.header("Content-Disposition") == nil)
            for word in ["<script", "<img", "<b>", "onload=\"", "javascript:", "style=", "href", "src="] {
                let typed = word == "src=" ? reply.text.replacing("&lt;img src=x", with: "") : reply.text
                #expect(!typed.contains(word), "\(word)")
            }
            #expect(
                reply.text.contains(
                    "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;x"))
            #expect(reply.text.contains("<h1><bdi>Meera &amp; &lt;b&gt;Daughters&lt;/b&gt;</bdi></h1>"))
            for text in [
                "<html lang=\"en\">", "Statement of account", "01/01/2024 – 31/12/2024", "05/01/2024", "₹12,34,567.89",
                "due 15/02/2024", "Closing balance",
            ] { #expect(reply.text.contains(text), "\(text)") }
            // One style sheet, which the policy names by its hash, and nothing else.
            let policy = try #require(reply.header("Content-Security-Policy"))
            let style = try #require(reply.text.firstMatch(of: /<style>(.*?)<\/style>/)?.1)
            let hash = Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString()
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-\(hash)'; "))
            #expect(policy.contains("sandbox") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("script-src") && !policy.contains("unsafe"))
            #expect(reply.header("Cache-Control") == "no-store")
        }
    }

    @Test func aPageIsInTheLanguageOfTheCustomer() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant()
            for (language, asked, title) in [
                ("hi", "", "खाते का विवरण"), ("ta", "", "Statement of account"), ("hi", "?language=en", "Statement"),
                ("en", "?language=hi", "खाते का विवरण"),
            ] {
                let id = try await acme.makeCustomer(["name": "Asha", "language": language])
                try await acme.book.note("received", 5_000, for: id)
                let text = try await page(acme, "/v1/customers/\(id)/ledger/statement" + asked).text
                let isHindi = title.hasPrefix("खाते")
                #expect(text.contains(title) && text.contains("<html lang=\"\(isHindi ? "hi" : "en")\">"), "\(text)")
                #expect(text.contains(isHindi ? "₹50.00 एडवांस" : "₹50.00 advance"))
            }
        }
    }

    // MARK: - Reminders

    @Test func aReminderSaysWhatIsOwedAndHowToPay() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant("Meera Tailors")
            let id = try await acme.makeCustomer(["name": "आशा राव", "language": "hi"])
            let path = "/v1/customers/\(id)/ledger/"
            #expect(try await acme.get(path + "reminder").problemCode == "ledger_nothing_owed")
            try await acme.book.note(
                "given", 15_000_050, for: id, ["occurred_on": "2024-01-05", "due_on": "2024-02-15"])

            let bare = try await acme.get(path + "reminder").object
            #expect(bare["upi_link"] == nil && bare["qr_svg"] == nil && bare["warning"] == nil)
            #expect((bare["no_link_because"] as? String)?.contains("upi_id") == true)
            #expect(try await acme.get(path + "qr.svg").problemCode == "upi_id_missing")

            _ = try await acme.patch("/v1/business", ["upi_id": "meera@ybl"], ifMatch: "*")
            let reminder = try await acme.get(path + "reminder").object
            let last = try #require(
                try await acme.book.data("/v1/customers/\(id)/ledger-entries").first?["id"] as? String)
            #expect(
                reminder["text"] as? String == """
                    नमस्ते आशा राव,
                    Meera Tailors में आपके ₹1,50,000.50 बाकी हैं।
                    भुगतान की तारीख 15/02/2024 थी।
                    UPI से भुगतान करने के लिए: meera@ybl
                    धन्यवाद।
                    """)
            #expect(
                reminder["upi_link"] as? String
                    == "upi://pay?pa=meera%40ybl&pn=Meera%20Tailors&am=150000.50&cu=INR&tn=Khata&tr=\(last.dropFirst(4))"
            )
            #expect((reminder["warning"] as? String)?.contains("prove nothing") == true)
            #expect(reminder["no_link_because"] == nil && reminder["balance_paise"] as? Int == 15_000_050)

            let english = try await acme.get(path + "reminder?language=en").object
            #expect(english["language"] as? String == "en")
            #expect(
                english["text"] as? String == """
                    Namaste आशा राव,
                    ₹1,50,000.50 is due at Meera Tailors.
                    It was due on 15/02/2024.
                    To pay by UPI: meera@ybl
                    Thank you.
                    """)
            #expect(try await acme.get(path + "reminder?language=ta").problemCode == "invalid_query")

            let picture = try await acme.get(path + "qr.svg")
            #expect(picture.header("Content-Type") == "image/svg+xml" && picture.text.hasPrefix("<svg "))
            #expect(picture.text == reminder["qr_svg"] as? String)
            // A part is paid: another sum, and another reference.
            try await acme.book.note("received", 50, for: id)
            let rest = try await acme.get(path + "reminder").object["upi_link"] as? String
            #expect(rest?.contains("am=150000.00&") == true && rest?.contains("\(last.dropFirst(4))") == false)
        }
    }

    @Test func whoHasNoNameIsGreetedToo() async throws {
        try await TestAPI.run { api in
            let acme = try await api.makeTenant(), id = try await acme.makeCustomer(["phone": "9812345678"])
            try await acme.book.note("adjusted", 100, for: id)
            let text = try await acme.get("/v1/customers/\(id)/ledger/reminder").object["text"] as? String
            #expect(text == "Namaste,\n₹1.00 is due at Acme.\nThank you.")
            let page = try await page(acme, "/v1/customers/\(id)/ledger/statement")
            #expect(page.text.contains("<bdi>+919812345678</bdi>"))
        }
    }
}
