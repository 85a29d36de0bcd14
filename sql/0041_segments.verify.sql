-- Each row is a complaint.
SELECT 'two segments of a business may have the same name' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.segments'::regclass AND conname = 'segments_name');
