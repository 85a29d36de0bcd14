// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import ArgumentParser
import Bootstrap
import Core
import Database
import Foundation
import Privacy

struct Privacy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export or erase all that is kept about a business, a person or a customer.",
        discussion: """
            Runs as unnati_owner: set DATABASE_OWNER_URL. What becomes of each table's rows stands in the table's comment; \
            `unnati privacy rules` shows it.
            """,
        subcommands: [Rules.self, Export.self, Erase.self, Due.self, MakeKey.self, Open.self])

    /// Who it is about.
    struct Subject: ParsableArguments {
        @Option(help: "A business: ten_…") var tenant: String?
        @Option(help: "Someone who signs in: usr_…") var person: String?
        @Option(help: "Someone in a customer book: cus_…, with the --tenant it belongs to.") var customer: String?

        func subject() throws -> PrivacySubject { try Self.subject(tenant, person, customer) }

        static func subject(_ tenant: String?, _ person: String?, _ customer: String?) throws -> PrivacySubject {
            let tenantID = try tenant.map { try Self.identifier(TenantID($0), "--tenant", "ten_") }
            switch (tenantID, person, customer) {
            case (let tenant?, nil, nil): return .tenant(tenant)
            case (nil, let person?, nil): return .person(try Self.identifier(UserID(person), "--person", "usr_"))
            case (let tenant?, nil, let customer?):
                guard customer.hasPrefix("cus_"), let id = UUIDv7(hex: customer.dropFirst(4)) else {
                    throw ValidationError("--customer is cus_ and 32 hexadecimal digits.")
                }
                return .customer(id, of: tenant)
            default: throw ValidationError("Name one of --tenant, --person, or --customer with its --tenant.")
            }
        }

        private static func identifier<Kind>(_ value: Identifier<Kind>?, _ flag: String, _ prefix: String) throws
            -> Identifier<Kind>
        {
            guard let value else { throw ValidationError("\(flag) is \(prefix) and 32 hexadecimal digits.") }
            return value
        }

        func validate() throws { _ = try subject() }
    }

    struct Rules: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what becomes of each table's rows.")

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reporting {
                for entry in try await settings.personalData({ $0.rules }) {
                    let exported = entry.rule.isExported ? "" : ", not exported"
                    print(
                        "\(entry.table)  \(entry.rule.subject.rawValue) (\(entry.rule.column)): \(words(for: entry.rule.action))\(exported)"
                    )
                }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write all that is kept about someone as one JSON document.",
            discussion: """
                To standard output, or with --to into a new file that only its owner can read. The owners of the businesses it concerns \
                read in their audit log that it was done.
                """)

        @OptionGroup var settings: SettingOptions
        @OptionGroup var subject: Subject
        @Option(help: "A file that does not exist yet.") var to: String?

        func run() async throws {
            try await reporting {
                let output = try to.map { try PrivateFile(creating: $0) }
                do {
                    let rows = try await settings.personalData { data in
                        try data.noteSupportRead(of: subject.subject())
                        return try data.export(subject.subject()) {
                            try (output?.handle ?? .standardOutput).write(contentsOf: Data($0.utf8))
                        }
                    }
                    if let to { print("\(rows) row(s) written to \(to).") }
                } catch {
                    output?.remove()
                    throw error
                }
            }
        }
    }

    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase someone for good, in one transaction.",
            discussion: """
                Every table is then asked whether it still names the subject; if one does that no rule speaks of, nothing is erased. \
                Backups made before still hold them: see how long those are kept. With ERASED_COPY_KEY a customer is first sealed into a copy \
                that nobody opens without the other half of the key; `due` destroys it a year later.
                """)

        @OptionGroup var settings: SettingOptions
        @OptionGroup var subject: Subject
        @Flag(help: "Say what would be done, and change nothing.") var dryRun = false

        func run() async throws {
            try await reporting {
                for outcome in try await settings.personalData({ try $0.erase(subject.subject(), isTrial: dryRun) }) {
                    print("\(outcome.table)  \(words(for: outcome.action)): \(outcome.rows) row(s)")
                }
                print(dryRun ? "Nothing was changed." : "Erased.")
            }
        }
    }

    struct MakeKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the key that seals copies of erased customers.",
            discussion: """
                The file opens them: keep it off the servers, with whoever answers for people's data. What is printed seals them and is no \
                secret: set ERASED_COPY_KEY to it wherever `unnati privacy` runs.
                """)

        @Option(help: "A file that does not exist yet, for the half that opens.") var to: String

        func run() async throws {
            try await reporting {
                let key = ErasedCopyOpeningKey(), file = try PrivateFile(creating: to)
                try file.handle.write(contentsOf: Data((key.text.reveal() + "\n").utf8))
                print(key.sealingText)
            }
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open the sealed copy of an erased customer.",
            discussion:
                "To standard output, or with --to into a new file. The business's owners read in their audit log that it was done."
        )

        @OptionGroup var settings: SettingOptions
        @Option(help: "The business: ten_…") var tenant: String
        @Option(help: "The customer: cus_…") var customer: String
        @Option(help: "The file that `make-key` has made.") var key: String
        @Option(help: "A file that does not exist yet.") var to: String?

        func run() async throws {
            try await reporting {
                guard case .customer(let id, let tenant) = try subject() else { return }
                guard let text = try? String(contentsOfFile: key, encoding: .utf8),
                    let opening = ErasedCopyOpeningKey(text)
                else { throw ValidationError("\(key) holds no key of `unnati privacy make-key`.") }
                let copies = try await settings.personalData { data in
                    let copies = try data.open(id, of: tenant, with: opening)
                    if copies.isEmpty { throw PrivacyError.unknown }
                    try data.noteSupportRead(of: subject())
                    return copies
                }
                let output = try to.map { try PrivateFile(creating: $0) }
                for copy in copies { try (output?.handle ?? .standardOutput).write(contentsOf: copy) }
                if let to { print("\(copies.count) copy(s) written to \(to).") }
            }
        }

        private func subject() throws -> PrivacySubject { try Subject.subject(tenant, nil, customer) }

        func validate() throws { _ = try subject() }
    }

    struct Due: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Do what people have asked for, and what has come due. Run it every few minutes.",
            discussion: """
                Writes the data that people take along (/v1/me/exports, /v1/business/exports), erases businesses and people that were \
                closed 30 days ago and not taken back, and deletes what was to be kept for some days after an erasure, as well as \
                invitations and API keys that have been over for 90, and the sealed copies of customers erased a year ago. Two of them do \
                not get in each other's way.
                """)

        @OptionGroup var settings: SettingOptions
        @Option(help: "Go on, with a pause of so many seconds, until stopped.") var every: UInt16?

        func run() async throws {
            try await reporting {
                guard let every else {
                    return try await settings.personalData { data in show(try data.doWhatIsDue()) }
                }
                while true {
                    // A database that is away for a while comes back.
                    do { try await settings.personalData { data in show(try data.doWhatIsDue()) } } catch let error
                        as AdminError
                    {
                        print("not done this time: \(error)")
                    }
                    try await Task.sleep(for: .seconds(Int(every)))
                }
            }
        }

        func validate() throws {
            if every == 0 { throw ValidationError("--every is at least 1.") }
        }

        private func show(_ round: PersonalData.Round?) {
            guard let round else { return print("Another process is at it.") }
            if round.exports > 0 { print("\(round.exports) export(s) written") }
            for subject in round.erased { print("\(subject.publicID) erased") }
            for reason in round.waiting { print("waits: \(reason)") }
            for outcome in round.swept { print("\(outcome.table): \(outcome.rows) row(s) deleted") }
            if round.isEmpty, every == nil { print("Nothing is due.") }
        }
    }
}

extension SettingOptions {
    fileprivate func personalData<Output>(_ body: (borrowing PersonalData) throws -> Output) async throws -> Output {
        var reader = try await reader(flags: [:])
        let copyKey = reader.erasedCopyKey()
        return try body(PersonalData(url: reader.migrations().url, copyKey: copyKey))
    }
}

private func words(for action: PrivacyRule.Action) -> String {
    switch action {
    case .keep: "keep"
    case .delete(afterDays: 0): "delete"
    case .delete(let days): "delete after \(days) days"
    case .mask(let assignments): "mask \(assignments)"
    }
}
