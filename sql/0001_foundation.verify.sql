-- Each row is a complaint.
SELECT 'a business is set where none was named' WHERE app.current_tenant_id() IS NOT NULL;
SELECT 'a person is set where none was named' WHERE app.current_user_id() IS NOT NULL;
SELECT 'everybody may create in schema public' WHERE has_schema_privilege('unnati_app', 'public', 'CREATE');
