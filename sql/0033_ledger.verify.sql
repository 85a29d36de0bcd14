-- Each row is a complaint.
SELECT 'entries of the credit book can be changed afterwards' WHERE has_any_column_privilege('unnati_app', 'app.ledger_entries', 'UPDATE')
    OR has_table_privilege('unnati_app', 'app.ledger_entries', 'DELETE');
SELECT 'the balance of customer ' || customer_id || ' of business ' || tenant_id || ' is not the sum of the entries'
FROM (
    SELECT tenant_id, customer_id, sum(CASE debit_account WHEN 'receivable' THEN amount_paise ELSE -amount_paise END) AS total
    FROM app.ledger_entries GROUP BY tenant_id, customer_id) AS sums
FULL JOIN app.ledger_balances AS kept USING (tenant_id, customer_id)
WHERE sums.total IS DISTINCT FROM kept.balance_paise LIMIT 100;
