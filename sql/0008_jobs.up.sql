-- Work for later: what was asked is committed with the change that asked for it, and done by whichever worker comes first.
-- What is done is deleted, so the table holds what waits, what is under way, and what went wrong.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.jobs (
    tenant_id        uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id               uuid        NOT NULL,
    kind             text        NOT NULL,
    arguments        text        NOT NULL,  -- JSON: ids and numbers, never what a person wrote
    priority         bigint      NOT NULL,  -- 1 is first
    state            text        NOT NULL,
    run_at           timestamptz NOT NULL,
    attempt          bigint      NOT NULL DEFAULT 0,  -- counted before the work begins, so that what ends its worker ends too
    maximum_attempts bigint      NOT NULL,
    unique_key       text,
    progress         bigint,  -- per cent
    worker_id        uuid,
    is_cancelling    boolean     NOT NULL DEFAULT false,
    failure          text,    -- why the last attempt failed; nothing that a person wrote
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT jobs_state CHECK (state IN ('scheduled', 'available', 'running', 'paused', 'cancelled', 'dead')),
    CONSTRAINT jobs_worker CHECK ((state = 'running') = (worker_id IS NOT NULL)),
    CONSTRAINT jobs_finished CHECK ((state IN ('cancelled', 'dead')) = (finished_at IS NOT NULL)),
    CONSTRAINT jobs_bounds CHECK (
        priority BETWEEN 1 AND 4 AND attempt >= 0 AND maximum_attempts BETWEEN 1 AND 100 AND progress BETWEEN 0 AND 100
        AND octet_length(kind) BETWEEN 1 AND 64 AND octet_length(arguments) <= 65536 AND octet_length(unique_key) <= 255
        AND octet_length(failure) <= 1024)
);
COMMENT ON TABLE app.jobs IS 'operational: work for later, and what went wrong with it
privacy: tenant delete';
-- A job is written three times in a second and then gone: cleaning up begins early and does not pause.
ALTER TABLE app.jobs SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_available ON app.jobs (tenant_id, priority, run_at, id) WHERE state = 'available';
CREATE INDEX jobs_urgent ON app.jobs (tenant_id, run_at, id) WHERE state = 'available' AND priority = 1;
CREATE INDEX jobs_scheduled ON app.jobs (run_at) WHERE state = 'scheduled';
CREATE INDEX jobs_running ON app.jobs (worker_id) WHERE state = 'running';
CREATE INDEX jobs_paused ON app.jobs (kind) WHERE state = 'paused';
CREATE INDEX jobs_cancelled ON app.jobs (finished_at) WHERE state = 'cancelled';
CREATE INDEX jobs_dead ON app.jobs (finished_at) WHERE state = 'dead';
CREATE INDEX jobs_unique_key ON app.jobs (tenant_id, kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('cancelled', 'dead');
CREATE UNIQUE INDEX jobs_once ON app.jobs (tenant_id, kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('scheduled', 'available', 'running', 'paused');
ALTER TABLE app.jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY jobs_app ON app.jobs TO unnati_app
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
CREATE POLICY jobs_worker ON app.jobs TO unnati_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON app.jobs TO unnati_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.jobs TO unnati_worker;

-- What recurs. Whoever finds it due moves it on and adds the job in one transaction: nobody leads.
CREATE TABLE app.job_schedules (
    tenant_id    uuid        NOT NULL DEFAULT app.current_tenant_id(),
    kind         text        NOT NULL,
    every        interval    NOT NULL,
    next_run_at  timestamptz NOT NULL,
    CONSTRAINT job_schedules_pkey PRIMARY KEY (tenant_id, kind),
    CONSTRAINT job_schedules_every CHECK (every >= interval '1 second'),
    CONSTRAINT job_schedules_kind CHECK (octet_length(kind) BETWEEN 1 AND 64)
);
COMMENT ON TABLE app.job_schedules IS 'operational: work that recurs
privacy: tenant delete';
CREATE INDEX job_schedules_next_run_at ON app.job_schedules (next_run_at);
ALTER TABLE app.job_schedules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY job_schedules_app ON app.job_schedules TO unnati_app
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
CREATE POLICY job_schedules_worker ON app.job_schedules TO unnati_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON app.job_schedules TO unnati_app;
GRANT SELECT, UPDATE ON app.job_schedules TO unnati_worker;

-- Who works. A worker that has not been heard of for long has lost what it had in hand.
CREATE TABLE app.job_workers (
    id           uuid        NOT NULL,
    host         text        NOT NULL,
    process      bigint      NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT job_workers_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE app.job_workers IS 'operational: processes that do jobs
privacy: none';
ALTER TABLE app.job_workers SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE app.job_workers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY job_workers_worker ON app.job_workers TO unnati_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.job_workers TO unnati_worker;

CREATE TABLE app.job_pauses (
    kind      text        NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT job_pauses_pkey PRIMARY KEY (kind)
);
COMMENT ON TABLE app.job_pauses IS 'operational: kinds of jobs that an operator has stopped for a while
privacy: none';
ALTER TABLE app.job_pauses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY job_pauses_worker ON app.job_pauses TO unnati_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON app.job_pauses TO unnati_worker;
