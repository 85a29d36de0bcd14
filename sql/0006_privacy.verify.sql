-- Each row is a complaint.
SELECT role || ' reads who was erased' FROM unnest(ARRAY['unnati_app', 'unnati_worker', 'unnati_readonly']) AS role
WHERE has_table_privilege(role, 'app.erasures', 'SELECT');
SELECT 'a session may be deleted and its access tokens stay good'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'app.sessions'::regclass AND tgname = 'sessions_deleted' AND tgenabled = 'O');
