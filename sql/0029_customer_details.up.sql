-- All that a shop knows of a customer, a bin for those that were deleted, and who changed what.
-- phase: expand
-- squawk-ignore-file ban-drop-constraint
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE app.customers
    ADD COLUMN whatsapp_id      text,    -- what WhatsApp calls them when it tells no number
    ADD COLUMN other_phones     text[]   NOT NULL DEFAULT '{}',  -- E.164; a family may share them
    ADD COLUMN other_emails     text[]   NOT NULL DEFAULT '{}',
    ADD COLUMN address          text,
    ADD COLUMN city             text,
    ADD COLUMN state            text,
    ADD COLUMN pin_code         text,
    ADD COLUMN gstin            text,
    -- Days that come again every year: the month times a hundred and the day, so that "this week" is a range of an index.
    ADD COLUMN birthday         bigint,
    ADD COLUMN birth_year       bigint,
    ADD COLUMN anniversary      bigint,
    ADD COLUMN anniversary_year bigint,
    ADD COLUMN language         text,    -- ISO 639
    ADD COLUMN source           text,    -- how they came
    ADD COLUMN deleted_at       timestamptz,
    ADD COLUMN erase_after      timestamptz,  -- of one that was deleted: until then it can be restored
    ADD COLUMN merged_into      uuid;    -- the customer that this one turned out to be
-- Not checked for the rows that are there: they have nothing that could break these.
ALTER TABLE app.customers
    ADD CONSTRAINT customers_details CHECK (
        octet_length(whatsapp_id) BETWEEN 1 AND 128 AND cardinality(other_phones) <= 10 AND cardinality(other_emails) <= 10
        AND octet_length(address) BETWEEN 1 AND 500 AND octet_length(city) BETWEEN 1 AND 100 AND octet_length(state) BETWEEN 1 AND 100
        AND pin_code ~ '^[1-9][0-9]{5}$' AND octet_length(gstin) = 15 AND octet_length(language) BETWEEN 2 AND 8
        AND octet_length(source) BETWEEN 1 AND 64 AND birthday BETWEEN 101 AND 1231 AND anniversary BETWEEN 101 AND 1231
        AND birth_year BETWEEN 1 AND 9999 AND anniversary_year BETWEEN 1 AND 9999) NOT VALID,
    ADD CONSTRAINT customers_bin CHECK (
        (deleted_at IS NULL) = (erase_after IS NULL AND merged_into IS NULL) AND merged_into IS DISTINCT FROM id) NOT VALID,
    ADD CONSTRAINT customers_merged_fkey FOREIGN KEY (tenant_id, merged_into) REFERENCES app.customers (tenant_id, id) NOT VALID,
    DROP CONSTRAINT customers_known_by,
    ADD CONSTRAINT customers_known_by CHECK (num_nonnulls(name, phone, email, whatsapp_id) >= 1 OR deleted_at IS NOT NULL) NOT VALID;

-- What a business wants to know of its customers besides.
CREATE TABLE app.customer_fields (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id          uuid        NOT NULL,
    key         text        NOT NULL,  -- how programs name it; it never changes
    label       text        NOT NULL,
    kind        text        NOT NULL,
    choices     text[]      NOT NULL DEFAULT '{}',
    position    bigint      NOT NULL,
    version     bigint      NOT NULL DEFAULT 1,  -- grows with every change; the ETag
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_fields_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_fields_key UNIQUE (tenant_id, key),
    CONSTRAINT customer_fields_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT customer_fields_kind CHECK (kind IN ('text', 'number', 'money', 'date', 'yes_no', 'choice')),
    CONSTRAINT customer_fields_choices CHECK ((kind = 'choice') = (cardinality(choices) > 0) AND cardinality(choices) <= 100),
    CONSTRAINT customer_fields_lengths CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$' AND octet_length(label) BETWEEN 1 AND 100)
);
COMMENT ON TABLE app.customer_fields IS 'tenant: a field that a business has added to its customers
privacy: tenant delete';
ALTER TABLE app.customer_fields ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_fields_tenant ON app.customer_fields
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.customer_fields TO unnati_app;

-- Typed rows, so that a filter finds them by an index: operators on jsonb are not leakproof, and row security keeps an index from them.
CREATE TABLE app.customer_field_values (
    tenant_id   uuid   NOT NULL DEFAULT app.current_tenant_id(),
    customer_id uuid   NOT NULL,
    field_id    uuid   NOT NULL,
    text_value  text,   -- of a text or a choice
    text_key    text,   -- its beginning without case, width and accents
    number      bigint, -- ten-thousandths of a number, paise, a day as 20260131, 0 or 1
    CONSTRAINT customer_field_values_pkey PRIMARY KEY (tenant_id, customer_id, field_id),
    CONSTRAINT customer_field_values_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_field_values_field_fkey FOREIGN KEY (tenant_id, field_id) REFERENCES app.customer_fields (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_field_values_one CHECK (
        num_nonnulls(text_value, number) = 1 AND (text_value IS NULL) = (text_key IS NULL)
        AND octet_length(text_value) BETWEEN 1 AND 1000 AND octet_length(text_key) <= 200)
);
COMMENT ON TABLE app.customer_field_values IS 'tenant: what a customer has in a field that the business has added
privacy: tenant delete; customer(customer_id) delete';
CREATE INDEX customer_field_values_text ON app.customer_field_values (tenant_id, field_id, text_key, customer_id) WHERE text_key IS NOT NULL;
CREATE INDEX customer_field_values_number ON app.customer_field_values (tenant_id, field_id, number, customer_id) WHERE number IS NOT NULL;
ALTER TABLE app.customer_field_values ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_field_values_tenant ON app.customer_field_values
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.customer_field_values TO unnati_app;

-- Something done to several customers at once, which can be undone as a whole.
CREATE TABLE app.customer_operations (
    tenant_id  uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id         uuid        NOT NULL,
    kind       text        NOT NULL,
    actor      text        NOT NULL,
    actor_id   uuid,
    customers  bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz,
    restored   bigint,  -- of one that was undone: how many customers are as they were before
    CONSTRAINT customer_operations_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_operations_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT customer_operations_kind CHECK (kind IN ('update', 'delete', 'import')),
    CONSTRAINT customer_operations_undone CHECK ((undone_at IS NULL) = (restored IS NULL))
);
COMMENT ON TABLE app.customer_operations IS 'tenant: something done to several customers at once
privacy: tenant delete; person(actor_id) keep unexported';
ALTER TABLE app.customer_operations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_operations_tenant ON app.customer_operations
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.customer_operations TO unnati_app;
GRANT UPDATE (undone_at, restored) ON app.customer_operations TO unnati_app;

-- Who changed what of a customer, and when. Never rewritten: no UPDATE or DELETE grant.
CREATE TABLE app.customer_changes (
    tenant_id    uuid  NOT NULL DEFAULT app.current_tenant_id(),
    id           uuid  NOT NULL,  -- UUIDv7: its moment
    customer_id  uuid  NOT NULL,
    operation_id uuid,
    kind         text  NOT NULL,
    actor        text  NOT NULL,
    actor_id     uuid,
    fields       jsonb NOT NULL DEFAULT '{}',  -- {"name": {"from": "…", "to": "…"}}
    CONSTRAINT customer_changes_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_changes_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT customer_changes_operation_fkey FOREIGN KEY (tenant_id, operation_id) REFERENCES app.customer_operations (tenant_id, id),
    CONSTRAINT customer_changes_kind CHECK (kind IN ('updated', 'deleted', 'restored', 'merged', 'unmerged'))
);
COMMENT ON TABLE app.customer_changes IS 'tenant: who changed what of a customer
privacy: tenant delete; customer(customer_id) delete; person(actor_id) keep unexported';
CREATE INDEX customer_changes_customer ON app.customer_changes (tenant_id, customer_id, id);
CREATE INDEX customer_changes_operation ON app.customer_changes (tenant_id, operation_id, id) WHERE operation_id IS NOT NULL;
ALTER TABLE app.customer_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_changes_tenant ON app.customer_changes
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.customer_changes TO unnati_app;
