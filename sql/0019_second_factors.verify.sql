-- Each row is a complaint.
SELECT 'a recovery code may be changed' WHERE has_table_privilege('unnati_app', 'app.recovery_codes', 'UPDATE');
SELECT 'some secret is too short to be sealed' WHERE EXISTS (SELECT FROM app.second_factors WHERE octet_length(secret) < 57);
