// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

/// Why migrating stopped. The text says what is wrong and what to do.
package enum MigrationError: Error, CustomStringConvertible, Sendable {
    case unreadable(String)
    case changed(MigrationFile)
    case renamed(MigrationFile, from: String)
    case outOfOrder(MigrationFile, behind: Int)
    case unknown(version: Int, name: String)
    case halfApplied(label: String)
    case noSuchVersion(Int)
    case contractBeforeExpand(MigrationFile, waiting: MigrationFile)
    case refusedByLint(MigrationFile, MigrationLint.Finding)
    case blind(MigrationFile)
    case noWayBack(String)
    case locked
    case pooled
    case wrongRole(String, reason: String)
    case notEmpty
    case complaint(MigrationFile, String)
    case invalidIndex(MigrationFile, String)
    case failed(MigrationFile, AdminError)
    case stopped(MigrationFile, AdminError)

    package var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .changed(let file):
            "\(file.label) was changed after it had been applied. Restore the file as it was and put the change into a new migration. If the change is one of words only, `unnati migrate repair --accept \(file.version)` takes it as it is."
        case .renamed(let file, let name):
            "\(file.label) was called \(name) when it was applied. Give it its name again, or take the new one with `unnati migrate repair --accept \(file.version)`."
        case .outOfOrder(let file, let latest):
            "\(file.label) has not been applied, but version \(latest) of the same phase has. Give it a number above \(latest)."
        case .unknown(let version, let name):
            "The database has migration \(version) (\(name)), which is not among these files. Deploy a build that knows it. If the file is gone for good, `unnati migrate repair --forget \(version)` takes it out of the record."
        case .halfApplied(let label):
            "\(label) was begun and did not end. `unnati migrate up` goes on with it."
        case .noSuchVersion(let version): "There is no migration \(version) among these files."
        case .contractBeforeExpand(let file, let waiting):
            "\(file.label) takes away, and \(waiting.label) before it has not been added. Run `unnati migrate up --phase expand` first, then deploy."
        case .refusedByLint(let file, let finding):
            "\(file.label), line \(finding.line): \(finding.problem) (\(finding.rule))"
        case .blind(let file):
            "\(file.label) writes or checks rows, and unnati_owner, who has no BYPASSRLS here, would see none. Grant it (docker/roles.sql), or begin the file with `-- rls: off`."
        case .noWayBack(let label):
            "\(label) has no way back: there is no \(label).down.sql. Nothing was reverted. Write a migration that leads forward."
        case .locked: "Another migration is running on this database. Try again when it has ended."
        case .pooled:
            "DATABASE_OWNER_URL leads through a pooler, where locks of a session are lost. Name PostgreSQL itself; the server may go on through the pooler."
        case .wrongRole(let role, let reason):
            "DATABASE_OWNER_URL signs in as \(role), \(reason). Sign in as unnati_owner (docker/roles.sql makes it)."
        case .notEmpty:
            "The database has a record of migrations already; a baseline is for one that was made without."
        case .complaint(let file, let complaint):
            "\(file.label) was rolled back, since its own check complains: \(complaint)"
        case .invalidIndex(let file, let index):
            "\(file.label) left the index \(index) half-made. `unnati migrate up` drops it and makes it again; if it should be unique, see to the duplicates first."
        case .failed(let file, let error): "\(file.label) failed and was rolled back: \(error)"
        case .stopped(let file, let error):
            "\(file.label) stopped: \(error). What it had done before stays done; `unnati migrate up` goes on with it."
        }
    }
}
