-- Each row is a complaint.
SELECT 'unnati_app may change more of ' || wanted.name || ' than the name' FROM (VALUES ('tenants'), ('users')) AS wanted (name)
WHERE has_table_privilege('unnati_app', 'app.' || wanted.name, 'UPDATE');
SELECT 'unnati_app may not rename a business' WHERE NOT has_column_privilege('unnati_app', 'app.tenants', 'name', 'UPDATE');
