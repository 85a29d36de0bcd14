-- What businesses have called their customers of a kind is lost; the customers stay.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.segments;
