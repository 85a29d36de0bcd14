// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Database
import Jobs

/// What the customer book can be asked, put together.
package struct CustomerServices: Sendable {
    package let customers: CustomerService
    package let customFields: CustomFieldService
    package let operations: CustomerOperations
    package let imports: CustomerImportService
    package let followUps: FollowUpService
    package let today: TodayService
    package let pipelines: PipelineService
    package let boards: BoardService
    package let deals: DealService

    package init(database: ConnectionPool, jobs: JobQueue) {
        customers = CustomerService(database: database)
        customFields = CustomFieldService(database: database)
        operations = CustomerOperations(database: database)
        imports = CustomerImportService(database: database, jobs: jobs)
        followUps = FollowUpService(database: database)
        today = TodayService(database: database)
        pipelines = PipelineService(database: database)
        boards = BoardService(database: database)
        deals = DealService(database: database)
    }
}
