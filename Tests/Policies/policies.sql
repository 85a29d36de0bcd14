-- The policies from inside, as the role that serves. Plain SQL: psql runs it, prints a line for each promise, and stops at the
-- first that is broken. Everything is rolled back.
--
--     psql 'postgresql://…?user=unnati_app' -v ON_ERROR_STOP=1 -f Tests/Policies/policies.sql
\set QUIET on
\pset format unaligned
\pset tuples_only on
\set first '''01900000-0000-7000-8000-00000000000a'''
\set second '''01900000-0000-7000-8000-00000000000b'''
\set someone '''01900000-0000-7000-8000-0000000000aa'''
\set another '''01900000-0000-7000-8000-0000000000bb'''
\set customer '''01900000-0000-7000-8000-0000000000c1'''

-- A promise is a query that must find nothing: where it finds something, a division by zero ends the run.
\set promise 'SELECT 1 / (CASE WHEN EXISTS ('
\set kept ') THEN 0 ELSE 1 END)'

BEGIN;
:promise SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls) :kept \g /dev/null
\echo 'ok - the role is bound by row security'

:promise SELECT FROM app.tenants UNION ALL SELECT FROM app.customers UNION ALL SELECT FROM app.memberships UNION ALL SELECT FROM app.users
    UNION ALL SELECT FROM app.sessions UNION ALL SELECT FROM app.user_passwords UNION ALL SELECT FROM app.customer_imports :kept \g /dev/null
\echo 'ok - before anything is set nobody has rows'

SET LOCAL app.tenant_id = :first;
SET LOCAL app.user_id = :someone;
INSERT INTO app.tenants (tenant_id, name) VALUES (:first, 'First');
INSERT INTO app.users (user_id, name, phone) VALUES (:someone, 'Someone', '+910000000001');
INSERT INTO app.memberships (tenant_id, user_id, role) VALUES (:first, :someone, 'owner');
INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES (:first, :customer, 'Asha', 'asha');
\echo 'ok - a business adds its own'
SET LOCAL app.tenant_id = :second;
SET LOCAL app.user_id = :another;
INSERT INTO app.tenants (tenant_id, name) VALUES (:second, 'Second');
INSERT INTO app.users (user_id, name, phone) VALUES (:another, 'Another', '+910000000002');
INSERT INTO app.memberships (tenant_id, user_id, role) VALUES (:second, :another, 'owner');

:promise SELECT FROM app.customers :kept \g /dev/null
\echo 'ok - and another does not see it'
:promise SELECT FROM app.tenants WHERE name = 'First' :kept \g /dev/null
\echo 'ok - nor its name'
:promise SELECT FROM app.users WHERE name = 'Someone' :kept \g /dev/null
\echo 'ok - nor who works there'
:promise SELECT FROM app.memberships_of_current_user() WHERE name = 'First' :kept \g /dev/null
\echo 'ok - and belongs to its own businesses only'

UPDATE app.customers SET name = 'Taken' WHERE true;
DELETE FROM app.customers WHERE true;
SET LOCAL app.tenant_id = :first;
:promise SELECT WHERE NOT EXISTS (SELECT FROM app.customers WHERE name = 'Asha') :kept \g /dev/null
\echo 'ok - what another changes and deletes is not it'
SET LOCAL app.tenant_id = :second;

DO $$ BEGIN
    INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES ('01900000-0000-7000-8000-00000000000a', gen_random_uuid(), 'x', 'x');
    RAISE EXCEPTION 'broken';
EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
\echo 'ok - nobody adds in another''s name'
DO $$ BEGIN
    INSERT INTO app.customers (tenant_id, id, name, name_key) VALUES ('01900000-0000-7000-8000-00000000000b', gen_random_uuid(), 'x', 'x');
    UPDATE app.customers SET tenant_id = '01900000-0000-7000-8000-00000000000a';
    RAISE EXCEPTION 'broken';
EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
\echo 'ok - nor gives rows away'
DO $$ BEGIN
    INSERT INTO app.customers (tenant_id, id, name, name_key)
        VALUES ('01900000-0000-7000-8000-00000000000a', '01900000-0000-7000-8000-0000000000c1', 'x', 'x')
        ON CONFLICT (tenant_id, id) DO UPDATE SET name = 'Taken';
    RAISE EXCEPTION 'broken';
EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
\echo 'ok - nor takes them over by adding them again'
DO $$ BEGIN
    INSERT INTO app.customer_imports (tenant_id, id, created_by)
        VALUES ('01900000-0000-7000-8000-00000000000b', gen_random_uuid(), '01900000-0000-7000-8000-0000000000aa');
    RAISE EXCEPTION 'broken';
EXCEPTION WHEN foreign_key_violation THEN NULL; END $$;
\echo 'ok - nor refers to who is not theirs'
DO $$ BEGIN
    PERFORM FROM app.login_identities;
    RAISE EXCEPTION 'broken';
EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
\echo 'ok - the directory is closed'

SET LOCAL app.tenant_id = '';
SET LOCAL app.user_id = '';
:promise SELECT FROM app.tenants UNION ALL SELECT FROM app.customers UNION ALL SELECT FROM app.memberships UNION ALL SELECT FROM app.users :kept \g /dev/null
\echo 'ok - with empty settings nobody has rows'
ROLLBACK;
:promise SELECT FROM app.tenants WHERE name IN ('First', 'Second') :kept \g /dev/null
\echo 'ok - nothing of this stays'
