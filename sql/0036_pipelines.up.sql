-- Orders and enquiries on their way: boards of columns, cards in them, and when each went from where to where.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.pipelines (
    tenant_id  uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    template   text,                  -- the ready one that it was made from
    position   bigint      NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,  -- grows with every change, of the stages too; the ETag
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pipelines_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT pipelines_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES app.tenants (tenant_id),
    CONSTRAINT pipelines_lengths CHECK (octet_length(name) BETWEEN 1 AND 100 AND octet_length(template) BETWEEN 1 AND 64)
);
COMMENT ON TABLE app.pipelines IS 'tenant: a way that orders go from an enquiry to their end
privacy: tenant delete';
ALTER TABLE app.pipelines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY pipelines_tenant ON app.pipelines
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.pipelines TO unnati_app;

CREATE TABLE app.pipeline_stages (
    tenant_id   uuid   NOT NULL DEFAULT app.current_tenant_id(),
    id          uuid   NOT NULL,
    pipeline_id uuid   NOT NULL,
    name        text   NOT NULL,
    kind        text   NOT NULL,
    position    bigint NOT NULL,
    CONSTRAINT pipeline_stages_pkey PRIMARY KEY (tenant_id, id),
    -- For deals to refer to: a deal's stage is one of its pipeline.
    CONSTRAINT pipeline_stages_of_pipeline UNIQUE (tenant_id, pipeline_id, id),
    CONSTRAINT pipeline_stages_pipeline_fkey FOREIGN KEY (tenant_id, pipeline_id) REFERENCES app.pipelines (tenant_id, id),
    CONSTRAINT pipeline_stages_kind CHECK (kind IN ('open', 'won', 'lost')),
    CONSTRAINT pipeline_stages_lengths CHECK (octet_length(name) BETWEEN 1 AND 100)
);
COMMENT ON TABLE app.pipeline_stages IS 'tenant: a column of a board
privacy: tenant delete';
ALTER TABLE app.pipeline_stages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY pipeline_stages_tenant ON app.pipeline_stages
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.pipeline_stages TO unnati_app;

CREATE TABLE app.deals (
    tenant_id   uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id          uuid        NOT NULL,
    pipeline_id uuid        NOT NULL,
    stage_id    uuid        NOT NULL,
    position    bigint      NOT NULL,  -- the least is on top; there are gaps between, so that a card can come between two others
    title       text        NOT NULL,
    note        text,
    customer_id uuid,
    owner_id    uuid,
    value_paise bigint,
    expected_on bigint,                -- a day, as 20260131
    state       text        NOT NULL DEFAULT 'open',  -- what the stage is
    lost_reason text,
    won_note    text,
    closed_at   timestamptz,
    version     bigint      NOT NULL DEFAULT 1,  -- grows with every change; the ETag
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    moved_at    timestamptz NOT NULL DEFAULT now(),  -- into its stage
    CONSTRAINT deals_pkey PRIMARY KEY (tenant_id, id),
    -- Never two at one place. Looked at when a statement ends, so that one can move many aside.
    CONSTRAINT deals_place UNIQUE (tenant_id, stage_id, position) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT deals_stage_fkey FOREIGN KEY (tenant_id, pipeline_id, stage_id)
        REFERENCES app.pipeline_stages (tenant_id, pipeline_id, id),
    CONSTRAINT deals_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT deals_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app.memberships (tenant_id, user_id),
    CONSTRAINT deals_state CHECK (state IN ('open', 'won', 'lost')),
    CONSTRAINT deals_closed CHECK (
        (state = 'open') = (closed_at IS NULL) AND (state = 'lost') = (lost_reason IS NOT NULL) AND (state = 'won' OR won_note IS NULL)),
    CONSTRAINT deals_value CHECK (value_paise BETWEEN 0 AND 10000000000000),
    CONSTRAINT deals_expected CHECK (expected_on BETWEEN 20000101 AND 21001231),
    CONSTRAINT deals_lengths CHECK (
        octet_length(title) BETWEEN 1 AND 200 AND octet_length(note) BETWEEN 1 AND 2000
        AND octet_length(lost_reason) BETWEEN 1 AND 500 AND octet_length(won_note) BETWEEN 1 AND 500)
);
COMMENT ON TABLE app.deals IS 'tenant: an order or an enquiry on its way
privacy: tenant delete; customer(customer_id) delete; person(owner_id) keep unexported';
CREATE INDEX deals_customer ON app.deals (tenant_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX deals_owner ON app.deals (tenant_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX deals_expected_on ON app.deals (tenant_id, expected_on, id) WHERE expected_on IS NOT NULL;
CREATE INDEX deals_stage ON app.deals (tenant_id, stage_id, id);
CREATE INDEX deals_pipeline ON app.deals (tenant_id, pipeline_id, id);
ALTER TABLE app.deals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY deals_tenant ON app.deals
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.deals TO unnati_app;

-- When each went from where to where. Never rewritten: no UPDATE or DELETE grant; it goes with its deal. Stages are told with their
-- names, since they may be renamed or taken away.
CREATE TABLE app.deal_moves (
    tenant_id        uuid   NOT NULL DEFAULT app.current_tenant_id(),
    id               uuid   NOT NULL,  -- UUIDv7: its moment
    deal_id          uuid   NOT NULL,
    pipeline_id      uuid   NOT NULL,
    from_stage_id    uuid,             -- none when it was begun
    to_stage_id      uuid   NOT NULL,
    to_stage         text   NOT NULL,
    to_kind          text   NOT NULL,
    value_paise      bigint,
    actor            text   NOT NULL,
    actor_id         uuid,
    CONSTRAINT deal_moves_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT deal_moves_deal_fkey FOREIGN KEY (tenant_id, deal_id) REFERENCES app.deals (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT deal_moves_kind CHECK (to_kind IN ('open', 'won', 'lost'))
);
COMMENT ON TABLE app.deal_moves IS 'tenant: when a deal went from one stage to another
privacy: tenant delete; person(actor_id) keep unexported';
CREATE INDEX deal_moves_deal ON app.deal_moves (tenant_id, deal_id, id);
CREATE INDEX deal_moves_pipeline ON app.deal_moves (tenant_id, pipeline_id, id);
ALTER TABLE app.deal_moves ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY deal_moves_tenant ON app.deal_moves
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT ON app.deal_moves TO unnati_app;
