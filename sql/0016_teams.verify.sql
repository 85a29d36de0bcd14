-- Each row is a complaint.
SELECT 'somebody may be taken out of a business without a trace' WHERE has_table_privilege('unnati_app', 'app.memberships', 'DELETE');
SELECT 'the server may change whose a membership is'
WHERE has_column_privilege('unnati_app', 'app.memberships', 'user_id', 'UPDATE') OR has_column_privilege('unnati_app', 'app.memberships', 'tenant_id', 'UPDATE');
