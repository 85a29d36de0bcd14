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
    package let duplicates: DuplicateService
    package let merges: MergeService
    package let interactions: InteractionService
    package let consent: ConsentService
    package let consentNotices: ConsentNoticeService
    package let ledger: LedgerService
    package let followUps: FollowUpService
    package let today: TodayService
    package let pipelines: PipelineService
    package let boards: BoardService
    package let deals: DealService
    package let segments: SegmentService

    package init(database: ConnectionPool, jobs: JobQueue, promotionHours: PromotionHours) {
        customers = CustomerService(database: database)
        customFields = CustomFieldService(database: database)
        operations = CustomerOperations(database: database)
        duplicates = DuplicateService(database: database)
        merges = MergeService(database: database)
        imports = CustomerImportService(database: database, jobs: jobs)
        interactions = InteractionService(database: database)
        consent = ConsentService(database: database, hours: promotionHours)
        consentNotices = ConsentNoticeService(database: database)
        ledger = LedgerService(database: database)
        followUps = FollowUpService(database: database)
        today = TodayService(database: database)
        pipelines = PipelineService(database: database)
        boards = BoardService(database: database)
        deals = DealService(database: database)
        segments = SegmentService(database: database)
    }
}
