-- Each row is a complaint.
SELECT 'keys of different people, or operations, are one' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint
    WHERE conrelid = 'app.person_idempotency_keys'::regclass AND contype = 'p'
      AND pg_get_constraintdef(oid) = 'PRIMARY KEY (user_id, operation, key_hash)');
