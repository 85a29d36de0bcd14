-- Each row is a complaint.
SELECT 'the audit log can be changed' WHERE has_table_privilege('unnati_app', 'app.audit_events', 'UPDATE')
    OR has_table_privilege('unnati_app', 'app.audit_events', 'DELETE');
SELECT 'the audit log has no partition for next month: run unnati audit maintain'
WHERE to_regclass('app.audit_events_' || to_char(now() + interval '1 month', 'YYYY_MM')) IS NULL;
SELECT 'some months of the audit log have no partition of their own' WHERE EXISTS (SELECT FROM app.audit_events_other);
