// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Accounts
import Database
import Execution
import Logging

/// What brings accounts in, with connections of its own.
package struct AccountImportRoom: Sendable {
    package let accounts: AccountImport
    fileprivate let database: ConnectionPool
    fileprivate let loop: EventLoop

    package func close() {
        database.close()
        loop.stop()
    }
}

extension ConfigurationReader {
    /// - Throws: ``Mistakes``.
    package mutating func accountImport(isVerified: Bool) throws -> AccountImportRoom {
        let loop = EventLoop(label: "unnati.import")
        var configuration = DatabaseConfiguration(url: try servingDatabase())
        read("DATABASE_PREPARED_STATEMENTS", into: &configuration.usesPreparedStatements)
        try finish()
        let database = ConnectionPool(
            configuration, on: [loop],
            logger: Logger(label: "unnati") { _ in SwiftLogNoOpLogHandler() })
        return AccountImportRoom(
            accounts: AccountImport(database: database, isVerified: isVerified), database: database, loop: loop)
    }
}
