-- The same search, found in fewer steps among many: names as they are written first, then as they sound, and of each no more than can be
-- shown. As before `place` is 1, 2, 3, and above that what was typed wrong.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Loads the library: before that nobody may name its settings.
SELECT extensions.similarity('', '');
-- The rows asked for by most are few: whoever joins them goes by their keys. Only the index of words is of use here; in the order of
-- customers a whole tenant would be read.
CREATE OR REPLACE FUNCTION app.search_customers(words text[], sounds text[], notes text, mistyped text, owner uuid, most bigint)
    RETURNS TABLE (customer_id uuid, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
    SET search_path = '' SET "pg_trgm.word_similarity_threshold" = '0.42' SET enable_indexscan = off SET enable_seqscan = off
    AS $$
DECLARE
    tenant uuid := app.current_tenant_id();
    scope  text := 'k.tenant_id = $1 AND ($2 IS NULL OR k.owner_id = $2)';
    every  text := '';
    plain  text := '';
    found  bigint;
    more   bigint := 0;
    -- A search box shows the best of so many; a list wants the newest of all.
    looked bigint := CASE WHEN most < 1000 THEN 5000 END;
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
        'SELECT f.customer_id, 1::bigint FROM (SELECT k.customer_id FROM app.customer_search_keys k WHERE %s %s LIMIT $5) f ORDER BY f.customer_id DESC LIMIT $4',
        scope, plain) USING tenant, owner, words, most, looked;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < most AND words <> sounds THEN
        RETURN QUERY EXECUTE format(
            'SELECT f.customer_id, 2::bigint FROM (SELECT k.customer_id FROM app.customer_search_keys k WHERE %s %s AND NOT (true %s) LIMIT $6) f ORDER BY f.customer_id DESC LIMIT $5',
            scope, every, plain) USING tenant, owner, words, sounds, most - found, looked;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more;
    END IF;
    IF found < most AND notes IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT f.customer_id, 3::bigint FROM (SELECT k.customer_id FROM app.customer_search_keys k WHERE %s AND k.note_words @@ $3::tsquery LIMIT $5) f ORDER BY f.customer_id DESC LIMIT $4',
            scope) USING tenant, owner, notes, most - found, looked;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more;
    END IF;
    -- Only where nothing else was found: it costs most, and says least.
    IF found = 0 AND mistyped IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT k.customer_id, (2000 - 1000 * extensions.word_similarity($3, k.names))::bigint AS place FROM app.customer_search_keys k WHERE %s AND k.names OPERATOR(extensions.%%>) $3 ORDER BY place, k.customer_id DESC LIMIT least($4, 100)',
            scope) USING tenant, owner, mistyped, most;
    END IF;
END
$$;
