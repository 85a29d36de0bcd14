-- Each row is a complaint.
SELECT 'nobody can accept an invitation for one number' WHERE NOT has_function_privilege('unnati_app', 'app.has_proved(text, text)', 'EXECUTE');
