-- The copies go at once.
-- squawk-ignore-file ban-drop-table
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

DROP TABLE app.erased_copies;
