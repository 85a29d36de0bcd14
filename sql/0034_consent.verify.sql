-- Each row is a complaint.
SELECT name || ' can be rewritten' FROM unnest(ARRAY['app.consent_events', 'app.consent_notices', 'app.consent_notice_texts']) AS name
WHERE has_any_column_privilege('unnati_app', name, 'UPDATE') OR has_table_privilege('unnati_app', name, 'DELETE');
SELECT 'who has said no could be made to have said nothing' WHERE has_table_privilege('unnati_app', 'app.consents', 'DELETE');
