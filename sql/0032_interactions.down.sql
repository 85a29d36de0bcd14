-- What happened between businesses and their customers is lost.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.customer_activity, app.interactions;
