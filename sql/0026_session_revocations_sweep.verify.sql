-- Each row is a complaint.
SELECT 'revocations pile up' WHERE NOT has_table_privilege('unnati_app', 'app.session_revocations', 'DELETE');
