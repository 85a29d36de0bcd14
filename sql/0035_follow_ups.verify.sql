-- Each row is a complaint.
SELECT 'a follow-up may be of a customer of another business' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.follow_ups'::regclass AND conname = 'follow_ups_customer_fkey');
SELECT 'a follow-up that repeats may come twice' WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint WHERE conrelid = 'app.follow_ups'::regclass AND conname = 'follow_ups_next' AND contype = 'u');
