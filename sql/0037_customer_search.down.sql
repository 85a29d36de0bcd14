-- Customers are found by the beginning of their name alone; `unnati search index` makes the keys anew. The extensions stay: others may use
-- them.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-function
DROP FUNCTION app.search_customers(text[], text[], text, text, uuid, bigint);
-- squawk-ignore ban-drop-table
DROP TABLE app.customer_search_keys;
