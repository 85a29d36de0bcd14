-- Each row is a complaint.
SELECT 'the server may look into federated_identities' WHERE has_table_privilege('unnati_app', 'app.federated_identities', 'SELECT');
SELECT 'an account elsewhere may sign two people in' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.federated_identities'::regclass AND conname = 'federated_identities_pkey' AND contype = 'p');
