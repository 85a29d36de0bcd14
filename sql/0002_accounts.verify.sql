-- Each row is a complaint.
SELECT role || ' reads who signs in with which number' FROM unnest(ARRAY['unnati_app', 'unnati_worker', 'unnati_readonly']) AS role
WHERE has_table_privilege(role, 'app.login_identities', 'SELECT');
SELECT 'unnati_worker may call ' || p.oid::regprocedure FROM pg_catalog.pg_proc p
WHERE p.oid IN ('app.find_login_identity(text, text)'::regprocedure, 'app.claim_login_identity(text, text)'::regprocedure,
                'app.memberships_of_current_user()'::regprocedure)
  AND has_function_privilege('unnati_worker', p.oid, 'EXECUTE');
SELECT 'a session may stand in a business that its person does not belong to'
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
                  WHERE conrelid = 'app.sessions'::regclass AND conname = 'sessions_membership_fkey' AND convalidated);
