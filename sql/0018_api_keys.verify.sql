-- Each row is a complaint.
SELECT 'the server may look into the hashes of keys' WHERE has_table_privilege('unnati_app', 'app.api_key_hashes', 'SELECT');
SELECT 'the server may give a key more than it was made with' WHERE has_column_privilege('unnati_app', 'app.api_keys', 'scopes', 'UPDATE');
