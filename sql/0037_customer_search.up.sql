-- Finding customers by part of a name in any script, a number, a tag or a word of a note.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Both are trusted: the owner of the database may make them. In a schema of their own, since nobody has app in their search path.
CREATE SCHEMA IF NOT EXISTS extensions;
REVOKE ALL ON SCHEMA extensions FROM PUBLIC;
GRANT USAGE ON SCHEMA extensions TO unnati_search;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA extensions;

-- What a customer is found by, made by the server: words that begin with a space each.
CREATE TABLE app.customer_search_keys (
    tenant_id   uuid     NOT NULL DEFAULT app.current_tenant_id(),
    customer_id uuid     NOT NULL,
    owner_id    uuid,              -- as the customer has it, for those who see their own alone
    key         text     NOT NULL, -- the name's words as typed, ~ and their sound, numbers, addresses, tags with # and without
    names       text     NOT NULL, -- the name in Latin letters, for what was typed wrong
    sound       text     NOT NULL, -- of the whole name, its words in order: those who share it may be one
    note_words  tsvector NOT NULL,
    CONSTRAINT customer_search_keys_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_search_keys_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_search_keys_lengths CHECK (octet_length(key) <= 12000 AND octet_length(names) <= 1000 AND octet_length(sound) <= 700)
);
COMMENT ON TABLE app.customer_search_keys IS 'tenant: what a customer is found by
privacy: tenant delete unexported; customer(customer_id) delete unexported; person(owner_id) keep unexported';
CREATE INDEX customer_search_keys_words ON app.customer_search_keys
    USING gin (tenant_id extensions.uuid_ops, key extensions.gin_trgm_ops, names extensions.gin_trgm_ops, note_words);
CREATE INDEX customer_search_keys_sound ON app.customer_search_keys (tenant_id, sound, customer_id);
ALTER TABLE app.customer_search_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_search_keys_tenant ON app.customer_search_keys
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
-- The operators that search are not leakproof, so row security would keep the index from them. This role reads nothing but this table,
-- and the function below asks for the transaction's tenant alone.
CREATE POLICY customer_search_keys_search ON app.customer_search_keys FOR SELECT TO unnati_search USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.customer_search_keys TO unnati_app;
GRANT SELECT ON app.customer_search_keys TO unnati_search;

-- Customers of the transaction's tenant who have all of some words. `place` says how well: 1 as they are written, 2 as they sound, 3 by
-- a word of a note, and above that what was typed wrong, the nearer the lower.
-- words and sounds are patterns for LIKE, side by side; notes is a tsquery, and mistyped a name in Latin letters, both NULL to look
-- for neither.
CREATE FUNCTION app.search_customers(words text[], sounds text[], notes text, mistyped text, owner uuid, most bigint)
    RETURNS TABLE (customer_id uuid, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' SET "pg_trgm.word_similarity_threshold" = '0.42'
    AS $$
DECLARE
    tenant uuid := app.current_tenant_id();
    scope  text := 'k.tenant_id = $1 AND ($2 IS NULL OR k.owner_id = $2)';
    every  text := '';
    plain  text := '';
    found  bigint;
BEGIN
    IF tenant IS NULL OR cardinality(words) <> cardinality(sounds) OR cardinality(words) NOT BETWEEN 1 AND 8 OR most NOT BETWEEN 1 AND 1000 THEN
        RETURN;
    END IF;
    -- Numbers of places stand in the text, and nothing that anybody has typed.
    FOR i IN 1 .. cardinality(words) LOOP
        every := every || format(' AND (k.key LIKE $3[%1$s] OR k.key LIKE $4[%1$s])', i);
        plain := plain || format(' AND k.key LIKE $3[%1$s]', i);
    END LOOP;
    RETURN QUERY EXECUTE format(
        'SELECT k.customer_id, CASE WHEN true %s THEN 1 ELSE 2 END::bigint AS place FROM app.customer_search_keys k WHERE %s %s ORDER BY place, k.customer_id DESC LIMIT $5',
        plain, scope, every) USING tenant, owner, words, sounds, most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < most AND notes IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT k.customer_id, 3::bigint FROM app.customer_search_keys k WHERE %s AND k.note_words @@ $3::tsquery ORDER BY k.customer_id DESC LIMIT $4',
            scope) USING tenant, owner, notes, most;
    END IF;
    -- Only where nothing else was found: it costs most, and says least.
    IF found = 0 AND mistyped IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT k.customer_id, (2000 - 1000 * extensions.word_similarity($3, k.names))::bigint AS place FROM app.customer_search_keys k WHERE %s AND k.names OPERATOR(extensions.%%>) $3 ORDER BY place, k.customer_id DESC LIMIT least($4, 100)',
            scope) USING tenant, owner, mistyped, most;
    END IF;
END
$$;
GRANT CREATE ON SCHEMA app TO unnati_search;
ALTER FUNCTION app.search_customers(text[], text[], text, text, uuid, bigint) OWNER TO unnati_search;
REVOKE CREATE ON SCHEMA app FROM unnati_search;
REVOKE ALL ON FUNCTION app.search_customers(text[], text[], text, text, uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_customers(text[], text[], text, text, uuid, bigint) TO unnati_app;
