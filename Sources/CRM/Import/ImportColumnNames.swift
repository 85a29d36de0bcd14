// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core

/// What people and programs call the columns of a customer file: our own export, Google Contacts as it was and as it
/// is, Outlook, the shop and messaging programs in use in India, and sheets in its languages.
enum ImportColumnNames {
    /// What a column's name says of it.
    struct Meaning: Equatable {
        let target: ImportTarget
        /// One of several alike, such as `Phone 2 - Value`.
        let isNumbered: Bool
        /// Counts where no other column is about the same.
        let isFallback: Bool
    }

    /// - Parameter name: a column's name as it stands in the file.
    static func meaning(of name: String) -> Meaning? {
        let key = key(name)
        if let target = names[key] { return Meaning(target: target, isNumbered: false, isFallback: false) }
        if let target = fallbacks[key] { return Meaning(target: target, isNumbered: false, isFallback: true) }
        return numbered(key)
    }

    /// `phone2value`, `address1city`, `mobile2`, `addressline2`.
    private static func numbered(_ key: String) -> Meaning? {
        let prefix = key.prefix { !isDigit($0) }
        let rest = key.dropFirst(prefix.count)
        let suffix = rest.drop(while: isDigit)
        guard let number = Int(rest.prefix(rest.count - suffix.count)) else { return nil }
        let base = String(prefix + suffix)
        guard let target = names[base] ?? fallbacks[base] else { return nil }
        // A second address has a city of its own; a second line of an address belongs to the first.
        let isFurther = number > 1 && !(target.further != nil || target.takesMany && suffix.isEmpty)
        return isFurther ? nil : Meaning(target: target, isNumbered: true, isFallback: names[base] == nil)
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    /// Letters, their marks and digits alone, in lower case; dots below are left out, because people leave them out.
    static func key(_ name: String) -> String {
        var key = String.UnicodeScalarView()
        for scalar in name.normalizedNFC.lowercased().unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark where ["\u{93C}", "\u{9BC}", "\u{A3C}", "\u{B3C}"].contains(scalar): continue
            case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber:
                key.append(scalar)
            default: continue
            }
        }
        return String(key)
    }

    private static let names = table([
        .name: """
        name, customer name, customer, client name, client, full name, contact name, party name, party,
        buyer name, display name, ledger name, name of customer, name of the customer, name of party, नाम,
        ग्राहक का नाम, ग्राहक नाम, पूरा नाम, नाव, ग्राहकाचे नाव, નામ, ગ્રાહકનું નામ, નામ, নাম, গ্রাহকের নাম, ਨਾਮ, ਨਾਂ, பெயர், வாடிக்கையாளர் பெயர், పేరు,
        కస్టమర్ పేరు, ಹೆಸರು, ಗ್ರಾಹಕರ ಹೆಸರು, പേര്, ନାମ, نام
        """,
        .firstName: "first name, given name, fname",
        .middleName: "middle name, additional name",
        .lastName: "last name, family name, surname, lname",
        .organisation: """
        organisation, organization, organisation name, organization name, company, company name, business name,
        firm, firm name, shop name
        """,
        .phone: """
        phone, phone no, phone number, phone value, mobile, mobile no, mobile number, mobile phone, mob, mob no,
        cell, cell phone, cell no, contact no, contact number, whatsapp, whatsapp no, whatsapp number,
        whatsapp id, wa id, primary phone, telephone, telephone no, telephone number, tel, tel no, ph, ph no,
        msisdn, फोन, फोन नंबर, फोन नम्बर, फोन नं, मोबाइल, मोबाईल, मोबाइल नंबर, मोबाईल नंबर, मोबाइल नम्बर, मोबाइल नं, संपर्क नंबर, व्हाट्सएप,
        व्हाट्सएप नंबर, ફોન, ફોન નંબર, મોબાઇલ, મોબાઈલ, મોબાઇલ નંબર, મોબાઈલ નંબર, ফোন, ফোন নম্বর, মোবাইল, মোবাইল নম্বর, ਫੋਨ, ਫੋਨ ਨੰਬਰ, ਮੋਬਾਈਲ,
        ਮੋਬਾਇਲ, ਮੋਬਾਈਲ ਨੰਬਰ, தொலைபேசி, தொலைபேசி எண், கைபேசி, கைபேசி எண், மொபைல், மொபைல் எண், போன், ఫోన్, ఫోన్ నంబర్, మొబైల్, మొబైల్ నంబర్, ಫೋನ್, ಫೋನ್ ಸಂಖ್ಯೆ, ಮೊಬೈಲ್,
        ಮೊಬೈಲ್ ಸಂಖ್ಯೆ, ഫോൺ, ഫോൺ നമ്പർ, മൊബൈൽ, മൊബൈൽ നമ്പർ, ଫୋନ, ଫୋନ୍, ମୋବାଇଲ, فون, موبائل
        """,
        .otherPhones: """
        alternate phone, alternate mobile, alternate no, alternate number, alternate contact,
        alternate contact no, alt phone, alt mobile, alt no, secondary phone, other phone, other phones,
        home phone, business phone, work phone, office phone, company main phone, car phone, landline,
        landline no, दूसरा नंबर, दूसरा मोबाइल, अन्य नंबर, वैकल्पिक नंबर, दुसरा नंबर, બીજો નંબર
        """,
        .countryCode: "country code, isd code, dial code, calling code, phone country code",
        .email: """
        email, email id, email address, email value, mail, mail id, primary email, ईमेल, ई मेल, ईमेल आईडी, ઈમેલ, ઇમેઇલ,
        ইমেল, ইমেইল, ਈਮੇਲ, மின்னஞ்சல், ఈమెయిల్, ಇಮೇಲ್, ഇമെയിൽ, ଇମେଲ, ای میل
        """,
        .otherEmails: "alternate email, alt email, secondary email, other email, other emails, home email, work email",
        // What others call a WhatsApp id is a number.
        .whatsAppID: "whatsapp user id",
        .address: """
        address, full address, street, street address, address line, address street, address po box,
        address extended address, business street, billing address, customer address, area, locality, landmark,
        पता, पत्ता, સરનામું, ঠিকানা, ਪਤਾ, முகவரி, చిరునామా, ವಿಳಾಸ, വിലാസം, ଠିକଣା, پتہ
        """,
        .city: """
        city, town, city town, address city, business city, village, शहर, गाँव, गांव, गाव, શહેર, ગામ, শহর, ਸ਼ਹਿਰ, ਪਿੰਡ, நகரம்,
        ஊர், నగరం, ఊరు, ನಗರ, ಊರು, നഗരം, ସହର, شہر
        """,
        .state: """
        state, region, province, address region, business state, राज्य, રાજ્ય, রাজ্য, ਰਾਜ, மாநிலம், రాష్ట్రం, ರಾಜ್ಯ, സംസ്ഥാനം, ରାଜ୍ୟ
        """,
        .pinCode: """
        pin, pin code, pin no, postal code, postcode, zip, zip code, address postal code, business postal code,
        पिन, पिन कोड, पिनकोड, પિન કોડ, পিন কোড, ਪਿੰਨ ਕੋਡ, பின் கோடு, அஞ்சல் குறியீடு, పిన్ కోడ్, ಪಿನ್ ಕೋಡ್, പിൻ കോഡ്, ପିନ୍ କୋଡ୍
        """,
        .gstin: "gstin, gst, gst no, gst number, gstin no, gstin number, gstin uin, जीएसटी, जीएसटी नंबर, જીએસટી નંબર",
        .birthday: """
        birthday, birth date, birthdate, date of birth, dob, bday, जन्मदिन, जन्म तिथि, जन्म तारीख, जन्म दिनांक, જન્મદિવસ,
        જન્મ તારીખ, জন্মদিন, জন্ম তারিখ, ਜਨਮਦਿਨ, ਜਨਮ ਮਿਤੀ, பிறந்த நாள், பிறந்த தேதி, పుట్టినరోజు, పుట్టిన తేదీ, ಹುಟ್ಟುಹಬ್ಬ, ಹುಟ್ಟಿದ ದಿನಾಂಕ, ജന്മദിനം,
        ജനനത്തീയതി, ଜନ୍ମଦିନ
        """,
        .anniversary: """
        anniversary, anniversary date, date of anniversary, wedding anniversary, marriage anniversary,
        wedding date, doa, सालगिरह, शादी की सालगिरह, लग्न वाढदिवस, લગ્ન તારીખ, திருமண நாள், పెళ్లి రోజు
        """,
        .language: "language, preferred language, lang, भाषा, ભાષા, ভাষা, மொழி, భాష, ಭಾಷೆ, ഭാഷ",
        .source: "source, lead source, customer source, स्रोत",
        .stage: "stage, lead stage, customer stage",
        .tags: """
        tags, tag, labels, label, group, groups, group name, group membership, category, categories,
        customer group, party group, टैग, समूह, श्रेणी, ટૅગ, জૂથ
        """,
        .notes: """
        notes, note, remark, remarks, comment, comments, टिप्पणी, नोट, नोट्स, विवरण, નોંધ, নোট, মন্তব্য, ਨੋਟ, குறிப்பு, గమనిక, ಟಿಪ್ಪಣಿ,
        കുറിപ്പ്, ଟିପ୍ପଣୀ
        """,
    ])

    private static let fallbacks = table([
        .name: "file as, nickname, account name, contact person",
        .phone: "number, contact, contacts",
        .address: "address formatted, home street, delivery address, shipping address",
        .city: "home city, district",
        .state: "home state",
        .pinCode: "home postal code",
    ])

    private static func table(_ lists: [ImportTarget: String]) -> [String: ImportTarget] {
        var table: [String: ImportTarget] = [:]
        for (target, list) in lists {
            for name in list.split(whereSeparator: { $0 == "," || $0.isNewline }) {
                let key = key(String(name))
                if !key.isEmpty { table[key] = target }
            }
        }
        return table
    }
}
