-- Finding the deleted gets slower, and two customers may share a number if they were let.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- squawk-ignore require-concurrent-index-deletion
DROP INDEX app.customers_phone_alive, app.customers_email_alive, app.customers_whatsapp_id, app.customers_merged, app.customers_deleted,
    app.customers_to_erase, app.customers_birthday, app.customers_anniversary;
