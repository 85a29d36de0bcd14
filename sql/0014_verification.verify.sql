-- Each row is a complaint.
SELECT 'the server may look into ' || name FROM (VALUES ('challenges'), ('login_identities')) AS wanted (name)
WHERE has_table_privilege('unnati_app', 'app.' || name, 'SELECT');
SELECT 'a code may be tried for ever' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.challenges'::regclass AND conname = 'challenges_tries');
