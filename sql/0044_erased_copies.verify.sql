-- Each row is a complaint.
SELECT 'the server may read sealed copies' WHERE has_table_privilege('unnati_app', 'app.erased_copies', 'SELECT');
