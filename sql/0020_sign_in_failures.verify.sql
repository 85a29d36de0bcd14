-- Each row is a complaint.
SELECT 'the failures to sign in are open to ' || rolname FROM pg_catalog.pg_roles
WHERE rolname IN ('unnati_worker', 'unnati_readonly') AND has_table_privilege(rolname, 'app.sign_in_failures', 'SELECT');
