-- Each row is a complaint.
SELECT name || ' is missing or was not finished' FROM unnest(ARRAY[
    'customers_phone_alive', 'customers_email_alive', 'customers_whatsapp_id', 'customers_merged', 'customers_deleted',
    'customers_to_erase', 'customers_birthday', 'customers_anniversary']) AS name
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'app.customers'::regclass AND c.relname = name AND i.indisvalid);
