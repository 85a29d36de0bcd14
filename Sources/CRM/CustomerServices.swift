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
    package let interactions: InteractionService
    package let consent: ConsentService
    package let consentNotices: ConsentNoticeService
    package let segments: SegmentService

    package init(database: ConnectionPool, jobs: JobQueue, promotionHours: PromotionHours) {
        customers = CustomerService(database: database)
        customFields = CustomFieldService(database: database)
        operations = CustomerOperations(database: database)
        imports = CustomerImportService(database: database, jobs: jobs)
        interactions = InteractionService(database: database)
        consent = ConsentService(database: database, hours: promotionHours)
        consentNotices = ConsentNoticeService(database: database)
        segments = SegmentService(database: database)
    }
}
