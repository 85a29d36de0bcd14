-- Each row is a complaint.
SELECT 'how deals went can be changed afterwards' WHERE has_any_column_privilege('unnati_app', 'app.deal_moves', 'UPDATE')
    OR has_table_privilege('unnati_app', 'app.deal_moves', 'DELETE');
SELECT name || ' is missing' FROM unnest(ARRAY['deals_place', 'deals_stage_fkey', 'deals_customer_fkey']) AS name
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.deals'::regclass AND conname = name);
