-- What is to be done by when, and by whom.
-- phase: expand
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

CREATE TABLE app.follow_ups (
    tenant_id       uuid        NOT NULL DEFAULT app.current_tenant_id(),
    id              uuid        NOT NULL,
    title           text        NOT NULL,
    note            text,
    customer_id     uuid,
    assignee_id     uuid        NOT NULL,
    due_at          timestamptz NOT NULL,  -- of one for a whole day: the day's beginning in India
    all_day         boolean     NOT NULL DEFAULT false,
    repeats         text,
    repeat_interval bigint,
    repeat_until    bigint,                -- the last day on which it may come again, as 20260131
    repeat_day      bigint,                -- the day of the month that is meant, also where a month is shorter
    snoozed_until   timestamptz,
    state           text        NOT NULL DEFAULT 'open',
    done_at         timestamptz,
    done_actor      text,
    done_actor_id   uuid,
    -- The one of the same series before this one, which may be gone by now. Whatever is done twice at once, there is one after each.
    previous_id     uuid,
    creator         text        NOT NULL,
    creator_id      uuid,
    version         bigint      NOT NULL DEFAULT 1,  -- grows with every change; the ETag
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT follow_ups_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT follow_ups_next UNIQUE (tenant_id, previous_id),
    CONSTRAINT follow_ups_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES app.customers (tenant_id, id),
    CONSTRAINT follow_ups_assignee_fkey FOREIGN KEY (tenant_id, assignee_id) REFERENCES app.memberships (tenant_id, user_id),
    CONSTRAINT follow_ups_state CHECK (state IN ('open', 'done', 'cancelled')),
    CONSTRAINT follow_ups_done CHECK ((state = 'done') = (done_at IS NOT NULL) AND (state = 'done') = (done_actor IS NOT NULL)),
    CONSTRAINT follow_ups_repeats CHECK (
        repeats IN ('daily', 'weekly', 'monthly', 'yearly') AND repeat_interval BETWEEN 1 AND 12 AND repeat_day BETWEEN 1 AND 31
        AND repeat_until BETWEEN 20000101 AND 21001231
        AND (repeats IS NULL) = (repeat_interval IS NULL) AND (repeats IS NULL) = (repeat_day IS NULL)
        AND (repeats IS NOT NULL OR repeat_until IS NULL)),
    CONSTRAINT follow_ups_lengths CHECK (octet_length(title) BETWEEN 1 AND 200 AND octet_length(note) BETWEEN 1 AND 2000)
);
COMMENT ON TABLE app.follow_ups IS 'tenant: something that somebody is to do by a day
privacy: tenant delete; customer(customer_id) delete; person(assignee_id) keep unexported';
CREATE INDEX follow_ups_due ON app.follow_ups (tenant_id, due_at, id);
CREATE INDEX follow_ups_open ON app.follow_ups (tenant_id, due_at, id) WHERE state = 'open';
CREATE INDEX follow_ups_assignee ON app.follow_ups (tenant_id, assignee_id, due_at, id);
CREATE INDEX follow_ups_assignee_open ON app.follow_ups (tenant_id, assignee_id, due_at, id) WHERE state = 'open';
CREATE INDEX follow_ups_customer ON app.follow_ups (tenant_id, customer_id, due_at, id) WHERE customer_id IS NOT NULL;
ALTER TABLE app.follow_ups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY follow_ups_tenant ON app.follow_ups
    USING (tenant_id = app.current_tenant_id()) WITH CHECK (tenant_id = app.current_tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.follow_ups TO unnati_app;
