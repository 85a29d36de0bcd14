-- What customers owe is forgotten.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.ledger_balances, app.ledger_entries;
