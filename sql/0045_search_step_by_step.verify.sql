-- Each row is a complaint.
SELECT 'a search may read a whole tenant' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_proc
    WHERE oid = 'app.search_customers(text[], text[], text, text, uuid, bigint)'::regprocedure AND 'enable_indexscan=off' = ANY (proconfig));
