-- The words in comments stay: earlier builds do not read them.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

DO $$ BEGIN
    IF EXISTS (SELECT FROM app.erasures) THEN RAISE EXCEPTION 'Somebody was erased, and the proof of it would be lost: there is no way back.'; END IF;
END $$;
-- squawk-ignore ban-drop-table
DROP TABLE app.erasures;
DROP TRIGGER sessions_deleted ON app.sessions;
-- squawk-ignore ban-drop-function
DROP FUNCTION app.revoke_deleted_session();
