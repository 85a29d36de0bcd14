-- What customers owe: goods and money given on credit, what they have paid, and what was put right. Nothing of it is edited.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Double entry: a row is a whole transaction, with the account that it debits, the account that it credits and the one amount of both, so
-- that none can be out of balance. `receivable` is what this customer owes; against it stand sales on credit, cash received and
-- adjustments. What a customer owes is the sum of what their receivable was debited and credited.
CREATE TABLE app.ledger_entries (
    tenant_id      uuid   NOT NULL DEFAULT app.current_tenant_id(),
    id             uuid   NOT NULL,  -- UUIDv7: when it was written down
    customer_id    uuid   NOT NULL,
    kind           text   NOT NULL,
    debit_account  text   NOT NULL,
    credit_account text   NOT NULL,
    amount_paise   bigint NOT NULL,
    occurred_on    bigint NOT NULL,  -- a day in India, as 20260131
    due_on         bigint,           -- the same: until when it is to be paid
    method         text,
    note           text,
    reason         text,
    reverses_id    uuid,
    reverses_kind  text,
    actor          text   NOT NULL,
    actor_id       uuid,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT ledger_entries_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT ledger_entries_amount CHECK (amount_paise BETWEEN 1 AND 10000000000000),
    CONSTRAINT ledger_entries_accounts CHECK (CASE kind
        WHEN 'given' THEN debit_account = 'receivable' AND credit_account = 'sales_on_credit'
        WHEN 'received' THEN debit_account = 'cash_received' AND credit_account = 'receivable'
        WHEN 'adjusted' THEN (debit_account, credit_account) IN (('receivable', 'adjustments'), ('adjustments', 'receivable'))
        ELSE kind = 'reversal' END),
    CONSTRAINT ledger_entries_days CHECK (occurred_on BETWEEN 20000101 AND 21001231 AND due_on BETWEEN occurred_on AND 21101231),
    CONSTRAINT ledger_entries_details CHECK (
        (method IS NOT NULL) = (kind = 'received') AND method IN ('cash', 'upi', 'card', 'bank', 'other') AND (due_on IS NULL OR kind = 'given')
        AND (reason IS NOT NULL) = (kind IN ('adjusted', 'reversal'))
        AND octet_length(note) BETWEEN 1 AND 500 AND octet_length(reason) BETWEEN 1 AND 500),
    -- A reversal is of the same customer and amount, debits what was credited and credits what was debited, and is of no reversal.
    CONSTRAINT ledger_entries_whole UNIQUE (tenant_id, id, customer_id, kind, amount_paise, debit_account, credit_account),
    CONSTRAINT ledger_entries_reversed_fkey FOREIGN KEY (tenant_id, reverses_id, customer_id, reverses_kind, amount_paise, credit_account, debit_account)
        REFERENCES app.ledger_entries (tenant_id, id, customer_id, kind, amount_paise, debit_account, credit_account),
    CONSTRAINT ledger_entries_reversal CHECK (
        (kind = 'reversal') = (reverses_id IS NOT NULL) AND (kind = 'reversal') = (reverses_kind IS NOT NULL) AND reverses_kind <> 'reversal')
);
COMMENT ON TABLE app.ledger_entries IS 'tenant: what a customer was given on credit, has paid, or no longer owes
privacy: tenant delete; customer(customer_id) delete; person(actor_id) keep unexported';
CREATE UNIQUE INDEX ledger_entries_reversed_once ON app.ledger_entries (tenant_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX ledger_entries_customer ON app.ledger_entries (tenant_id, customer_id, occurred_on, id);
ALTER TABLE app.ledger_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_entries_tenant ON app.ledger_entries
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.ledger_entries TO unnati_app;

-- The sums, so that a list can begin with who owes most. Kept by whoever adds an entry, in the same transaction; the entries are the truth,
-- and `unnati migrate verify` compares.
CREATE TABLE app.ledger_balances (
    tenant_id     uuid   NOT NULL DEFAULT app.current_tenant_id(),
    customer_id   uuid   NOT NULL,
    balance_paise bigint NOT NULL,
    last_entry_id uuid   NOT NULL,  -- says when, too
    oldest_due_on bigint,           -- where payments settle what was given first: the first day on which something unpaid is due
    CONSTRAINT ledger_balances_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT ledger_balances_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT ledger_balances_bound CHECK (balance_paise BETWEEN -1000000000000000 AND 1000000000000000)
);
COMMENT ON TABLE app.ledger_balances IS 'tenant: what a customer owes in all, as the entries add up
privacy: tenant delete; customer(customer_id) delete';
CREATE INDEX ledger_balances_balance ON app.ledger_balances (tenant_id, balance_paise, customer_id);
ALTER TABLE app.ledger_balances ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_balances_tenant ON app.ledger_balances
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.ledger_balances TO unnati_app;
GRANT UPDATE (balance_paise, last_entry_id, oldest_due_on) ON app.ledger_balances TO unnati_app;
