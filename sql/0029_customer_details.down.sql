-- What was known of customers beyond the old fields is lost, deleted customers come back, and nothing can be undone.
-- squawk-ignore-file ban-drop-column, ban-drop-constraint, constraint-missing-not-valid
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore ban-drop-table
DROP TABLE app.customer_changes, app.customer_operations, app.customer_field_values, app.customer_fields;
ALTER TABLE app.customers
    DROP CONSTRAINT customers_known_by,
    DROP CONSTRAINT customers_merged_fkey,
    DROP CONSTRAINT customers_bin,
    DROP CONSTRAINT customers_details,
    DROP COLUMN merged_into,
    DROP COLUMN erase_after,
    DROP COLUMN deleted_at,
    DROP COLUMN source,
    DROP COLUMN language,
    DROP COLUMN anniversary_year,
    DROP COLUMN anniversary,
    DROP COLUMN birth_year,
    DROP COLUMN birthday,
    DROP COLUMN gstin,
    DROP COLUMN pin_code,
    DROP COLUMN state,
    DROP COLUMN city,
    DROP COLUMN address,
    DROP COLUMN other_emails,
    DROP COLUMN other_phones,
    DROP COLUMN whatsapp_id;
UPDATE app.customers SET name = 'Unknown', name_key = 'unknown' WHERE num_nonnulls(name, phone, email) = 0;
ALTER TABLE app.customers ADD CONSTRAINT customers_known_by CHECK (num_nonnulls(name, phone, email) >= 1);
