-- Each row is a complaint.
SELECT 'the role that searches may read ' || c.relname FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname <> 'customer_search_keys'
  AND has_any_column_privilege('unnati_search', c.oid, 'SELECT, INSERT, UPDATE');
SELECT 'the server may make objects where the extensions are' WHERE has_schema_privilege('unnati_app', 'extensions', 'CREATE');
