-- What is due and what became of a customer's rows is looked for among all; nothing is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.ledger_entries_due, app.customer_import_rows_customer, app.customer_import_rows_kept, app.erasures_subject;
