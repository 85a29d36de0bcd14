// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// Pipelines to begin with, three for each trade, with names in English and Hindi. What a business takes over is its own from then on.
package struct ReadyPipeline: Sendable {
    package struct Stage: Sendable {
        fileprivate let names: Words
        package let kind: Pipeline.Stage.Kind

        package func name(in language: Language) -> String { names.text(in: language) }
    }

    fileprivate struct Words: Sendable {
        let english: String, hindi: String

        func text(in language: Language) -> String { language == .hindi ? hindi : english }
    }

    /// `tailor.orders`
    package let key: String
    /// As a business says it of itself.
    package let trade: String
    private let names: Words
    package let stages: [Stage]

    package func name(in language: Language) -> String { names.text(in: language) }

    /// The language in which it is told to somebody who speaks this one.
    package static func language(for language: Language) -> Language { language == .hindi ? .hindi : .english }

    package static func find(_ key: String) -> ReadyPipeline? { all.first { $0.key == key } }

    // MARK: - Writing them down

    private typealias Pair = (english: String, hindi: String)

    private static func stage(_ pair: Pair, _ kind: Pipeline.Stage.Kind) -> Stage {
        Stage(names: Words(english: pair.english, hindi: pair.hindi), kind: kind)
    }

    private static func ready(
        _ key: String, _ english: String, _ hindi: String, _ open: [Pair], won: Pair, lost: Pair = ("Lost", "छूट गया")
    ) -> ReadyPipeline {
        ReadyPipeline(
            key: key, trade: String(key.prefix { $0 != "." }), names: Words(english: english, hindi: hindi),
            stages: open.map { stage($0, .open) } + [stage(won, .won), stage(lost, .lost)])
    }

    private static let enquiry: Pair = ("Enquiry", "पूछताछ"), quoted: Pair = ("Price told", "दाम बताया")
    private static let advance: Pair = ("Advance paid", "पेशगी मिली"), ready: Pair = ("Ready", "तैयार")
    private static let booked: Pair = ("Booked", "बुक हुआ"), confirmed: Pair = ("Confirmed", "पक्का हुआ")
    private static let delivered: Pair = ("Delivered", "दे दिया"), cancelled: Pair = ("Cancelled", "रद्द हुआ")
    private static let came: Pair = ("Came", "आए"), absent: Pair = ("Did not come", "नहीं आए")
    private static let signed: Pair = ("Agreed", "बात पक्की"), paid: Pair = ("Paid", "पैसा मिला")

    package static let all: [ReadyPipeline] = [
        ready(
            "tailor.orders", "Orders", "ऑर्डर",
            [
                enquiry, ("Measured", "नाप लिया"), ("Cutting", "कटाई"), ("Stitching", "सिलाई"), ("Trial", "ट्रायल"),
            ], won: delivered),
        ready(
            "tailor.weddings", "Wedding and bulk orders", "शादी और थोक ऑर्डर",
            [enquiry, quoted, advance, ("Measured", "नाप लिया"), ("Stitching", "सिलाई"), ready], won: delivered),
        ready(
            "tailor.alterations", "Alterations", "अल्टर और मरम्मत",
            [("Received", "कपड़ा मिला"), ("In work", "काम में"), ready], won: ("Collected", "ले गए"),
            lost: ("Returned undone", "बिना काम लौटाया")),

        ready(
            "tutor.admissions", "Admissions", "दाखिले",
            [
                enquiry, ("Demo class fixed", "डेमो क्लास तय"), ("Demo class held", "डेमो क्लास हुई"),
                ("Fees discussed", "फ़ीस की बात हुई"),
            ], won: ("Enrolled", "दाखिला हुआ"), lost: ("Not joining", "नहीं आएँगे")),
        ready(
            "tutor.home_tuition", "Home tuition", "घर पर ट्यूशन",
            [enquiry, ("Visited", "मिल आए"), ("Trial week", "ट्रायल का हफ़्ता")], won: ("Started", "शुरू हुई")),
        ready(
            "tutor.fees", "Fees", "फ़ीस",
            [("Due", "बाकी"), ("Reminded", "याद दिलाया"), ("Promised", "वादा किया")], won: paid,
            lost: ("Given up", "छोड़ दी")),

        ready(
            "salon.appointments", "Appointments", "अपॉइंटमेंट",
            [("Asked", "पूछा"), booked, confirmed, ("Being served", "काम चालू")], won: ("Done", "हो गया"), lost: absent),
        ready(
            "salon.bridal", "Bridal packages", "ब्राइडल पैकेज",
            [enquiry, ("Trial", "ट्रायल"), quoted, advance], won: ("Done", "हो गया")),
        ready(
            "salon.memberships", "Memberships", "मेंबरशिप",
            [("Told", "बताया"), ("Interested", "दिलचस्पी है"), ("Payment awaited", "भुगतान बाकी")],
            won: ("Joined", "जुड़ गए"), lost: ("Declined", "मना किया")),

        ready(
            "kirana.deliveries", "Home deliveries", "होम डिलीवरी",
            [("Ordered", "ऑर्डर आया"), ("Packed", "पैक हुआ"), ("On the way", "रास्ते में")],
            won: ("Delivered", "पहुँचा दिया"), lost: cancelled),
        ready(
            "kirana.monthly", "Monthly rations", "महीने का राशन",
            [("List received", "सूची मिली"), quoted, ("Packed", "पैक हुआ")], won: ("Delivered", "पहुँचा दिया")),
        ready(
            "kirana.bulk", "Bulk and party orders", "थोक और दावत के ऑर्डर", [enquiry, quoted, advance, ready],
            won: delivered),

        ready(
            "restaurant.catering", "Catering", "केटरिंग",
            [enquiry, ("Menu chosen", "मेन्यू तय"), quoted, advance], won: ("Served", "परोसा गया")),
        ready(
            "restaurant.tables", "Table bookings", "टेबल बुकिंग", [("Asked", "पूछा"), booked, confirmed], won: came,
            lost: absent),
        ready(
            "restaurant.tiffin", "Tiffins", "टिफ़िन", [enquiry, ("Trial meal", "ट्रायल टिफ़िन"), quoted],
            won: ("Started", "शुरू हुआ")),

        ready(
            "repair.jobs", "Repairs", "मरम्मत",
            [
                ("Received", "सामान मिला"), ("Checked", "जाँच हुई"), quoted, ("Parts awaited", "पुर्ज़े का इंतज़ार"),
                ("In repair", "मरम्मत में"), ready,
            ], won: ("Collected", "ले गए"), lost: ("Returned undone", "बिना काम लौटाया")),
        ready(
            "repair.visits", "Visits at home", "घर पर सर्विस",
            [("Called", "फ़ोन आया"), ("Time fixed", "समय तय"), ("Visited", "देख आए"), quoted], won: ("Done", "हो गया")),
        ready(
            "repair.contracts", "Yearly contracts", "सालाना ठेके",
            [enquiry, ("Place seen", "जगह देखी"), quoted], won: signed),

        ready(
            "clinic.appointments", "Appointments", "अपॉइंटमेंट",
            [("Asked", "पूछा"), booked, confirmed, ("Waiting", "इंतज़ार में")], won: ("Seen", "देख लिया"), lost: absent),
        ready(
            "clinic.treatments", "Treatments", "इलाज",
            [
                ("Advised", "सलाह दी"), ("Cost told", "खर्च बताया"), ("Agreed", "राज़ी हुए"),
                ("Under treatment", "इलाज जारी"),
            ], won: ("Completed", "पूरा हुआ"), lost: ("Stopped", "छोड़ दिया")),
        ready(
            "clinic.camps", "Check-ups and camps", "जाँच और कैंप", [("Invited", "बुलाया"), booked, confirmed], won: came,
            lost: absent),

        ready(
            "artisan.custom", "Custom orders", "फ़रमाइशी ऑर्डर",
            [enquiry, ("Design shown", "डिज़ाइन दिखाया"), advance, ("Being made", "बन रहा है"), ready],
            won: delivered),
        ready(
            "artisan.wholesale", "Shops and exporters", "दुकानें और निर्यातक",
            [
                ("Contacted", "बात हुई"), ("Sample sent", "नमूना भेजा"), quoted, ("Order confirmed", "ऑर्डर पक्का"),
                ("Being made", "बन रहा है"),
            ], won: delivered),
        ready(
            "artisan.fairs", "Fairs and exhibitions", "मेले और प्रदर्शनियाँ",
            [("Heard of", "पता चला"), ("Applied", "आवेदन किया"), ("Accepted", "मंज़ूर हुआ")],
            won: ("Took part", "हिस्सा लिया"), lost: ("Not taken", "जगह नहीं मिली")),

        ready(
            "transport.trips", "Trips", "ट्रिप",
            [enquiry, ("Fare told", "किराया बताया"), booked, ("On the road", "रास्ते में")],
            won: ("Completed", "पूरी हुई")),
        ready(
            "transport.contracts", "Monthly contracts", "महीने के ठेके",
            [enquiry, ("Route planned", "रूट तय"), quoted], won: signed),
        ready(
            "transport.shifting", "Shifting", "शिफ़्टिंग",
            [enquiry, ("Goods seen", "सामान देखा"), quoted, advance, ("On the road", "रास्ते में")],
            won: ("Arrived", "पहुँचा दिया")),

        ready(
            "farm.produce", "Selling produce", "उपज की बिक्री",
            [
                ("Buyer found", "खरीदार मिला"), ("Sample shown", "नमूना दिखाया"), ("Price agreed", "भाव तय"),
                ("Loaded", "माल लदा"),
            ], won: paid),
        ready(
            "farm.regulars", "Regular customers", "बँधे ग्राहक",
            [enquiry, ("First delivery", "पहली डिलीवरी"), ("Asked again", "दोबारा मँगाया")],
            won: ("Regular", "बँधे ग्राहक बने")),
        ready(
            "farm.hire", "Machines for hire", "किराये पर मशीन",
            [("Asked", "पूछा"), ("Time fixed", "समय तय"), ("At work", "काम चालू")], won: paid, lost: cancelled),

        ready(
            "other.sales", "Sales", "बिक्री", [enquiry, ("Spoken to", "बात हुई"), quoted, ("Thinking it over", "सोच रहे हैं")],
            won: ("Won", "सौदा हुआ")),
        ready(
            "other.orders", "Orders", "ऑर्डर", [("Received", "ऑर्डर मिला"), ("In work", "काम में"), ready], won: delivered,
            lost: cancelled),
        ready(
            "other.payments", "Payments", "वसूली",
            [("Due", "बाकी"), ("Reminded", "याद दिलाया"), ("Promised", "वादा किया")], won: paid,
            lost: ("Given up", "छोड़ दिया")),
    ]
}
