-- Nobody has a second factor any more.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.recovery_codes;
-- squawk-ignore ban-drop-table
DROP TABLE app.second_factors;
