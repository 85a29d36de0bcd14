-- The search as it was: slower among many.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Loads the library: before that nobody may name its settings.
SELECT extensions.similarity('', '');
CREATE OR REPLACE FUNCTION app.search_customers(words text[], sounds text[], notes text, mistyped text, owner uuid, most bigint)
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
