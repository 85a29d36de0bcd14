-- Some invitations are for whoever has proved one number or address, and for nobody else.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Whether the person of the current transaction has proved an identity.
CREATE FUNCTION app.has_proved(kind text, value text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    BEGIN ATOMIC
        SELECT EXISTS (
            SELECT FROM app.login_identities i
            WHERE i.kind = has_proved.kind AND i.value = has_proved.value AND i.user_id = app.current_user_id() AND i.verified_at IS NOT NULL);
    END;

GRANT CREATE ON SCHEMA app TO unnati_directory;
ALTER FUNCTION app.has_proved(text, text) OWNER TO unnati_directory;
REVOKE CREATE ON SCHEMA app FROM unnati_directory;
REVOKE ALL ON FUNCTION app.has_proved(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.has_proved(text, text) TO unnati_app;
