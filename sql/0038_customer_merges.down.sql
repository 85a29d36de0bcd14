-- Who was merged stays so, and that can be taken back no more.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.customers_apart, app.customer_merges;
