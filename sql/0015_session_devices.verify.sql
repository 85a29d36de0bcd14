-- Each row is a complaint.
SELECT 'some session does not say when its person was last asked' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_attribute
    WHERE attrelid = 'app.sessions'::regclass AND attname = 'authenticated_at' AND attnotnull);
