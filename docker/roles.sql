-- Roles and the database of Unnati, for a superuser. Safe to run again at any time:
--
--     psql -d postgres -v ON_ERROR_STOP=1 -v database=unnati -f docker/roles.sql
--
-- It sets no passwords. Where clients come over TCP, give the three LOGIN roles theirs with \password.
\if :{?database}
\else
    \set database unnati
\endif
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['unnati_owner', 'unnati_app', 'unnati_worker', 'unnati_search', 'unnati_directory', 'unnati_readonly']) AS name
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)
\gexec

-- Owns everything and is used by `migrate`, backup and erase only. BYPASSRLS, since under FORCE ROW LEVEL SECURITY an
-- owner without it updates no row in a backfill, validates a violated foreign key, and cannot dump.
ALTER ROLE unnati_owner LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
-- Answers requests. Owns nothing and can become nobody.
ALTER ROLE unnati_app LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;
-- Claims jobs and reads nothing else.
ALTER ROLE unnati_worker LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;
-- Own the listed SECURITY DEFINER functions: searching, and what must be found before tenant and user are known.
ALTER ROLE unnati_search NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;
ALTER ROLE unnati_directory NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;
-- Support staff: reads, under row security.
ALTER ROLE unnati_readonly LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT;

-- The owner gives the definer functions to those who own them, and for that must be able to become them.
GRANT unnati_search, unnati_directory TO unnati_owner;

-- Limits of a serving connection. As settings of the role they hold behind a pooler too, which refuses start-up options.
ALTER ROLE unnati_app SET statement_timeout = '10s';
ALTER ROLE unnati_app SET lock_timeout = '3s';
ALTER ROLE unnati_app SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE unnati_worker SET statement_timeout = '10s';
ALTER ROLE unnati_worker SET lock_timeout = '3s';
ALTER ROLE unnati_worker SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE unnati_readonly SET statement_timeout = '30s';
ALTER ROLE unnati_readonly SET default_transaction_read_only = on;
-- Plan a prepared statement once. PostgreSQL would plan a list's statement at every use, since a plan that does not know the
-- value behind LIMIT looks dear beside one that does, and planning costs more than the list. Every statement of the server
-- names its tenant first and finds its rows by a key that begins with it: no value asks for another plan (docs/decisions/0008).
ALTER ROLE unnati_app SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE unnati_worker SET plan_cache_mode = 'force_generic_plan';
-- The queue is empty at one moment and long at the next, and a plan made for the one would be kept for the other. Whatever the
-- statistics say, a worker walks along an index and stops when it has enough.
SELECT format('ALTER ROLE unnati_worker SET %I = off', name)
FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort', 'jit']) AS name
\gexec
-- Every statement names schemas in full; an empty path keeps it so, and leaves nothing to hijack.
ALTER ROLE unnati_app SET search_path = '';
ALTER ROLE unnati_worker SET search_path = '';
ALTER ROLE unnati_readonly SET search_path = '';

-- C.UTF-8 knows letters of every script; under plain C the trigrams of सुरेश are empty.
SELECT format('CREATE DATABASE %I OWNER unnati_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database')
\gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO unnati_app, unnati_worker, unnati_readonly;
