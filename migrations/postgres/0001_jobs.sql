-- Jobs: the source of truth for their states, and the queue itself.
CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    spec TEXT NOT NULL,
    inputs TEXT NOT NULL,
    priority BIGINT NOT NULL,
    -- The place among jobs of its priority, so that owners take turns.
    turn BIGINT NOT NULL,
    batch TEXT COLLATE "C",
    webhook TEXT,
    idempotency_key TEXT,
    fingerprint TEXT,
    state TEXT NOT NULL,
    cancel_requested BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    -- Claims so far. Never falls, so it tells a worker from the one before it.
    claims BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    worker TEXT,
    lease_until BIGINT,
    run_at BIGINT NOT NULL,
    progress TEXT,
    completion TEXT,
    error TEXT,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT,
    expires BIGINT
);

-- The order of claims; run_at and created save a look into the table.
CREATE INDEX jobs_claim ON jobs (priority DESC, turn, id, run_at, created) WHERE state = 'queued';
-- The next turn of an owner, and how many of its jobs wait.
CREATE INDEX jobs_owner_turn ON jobs (owner, priority, turn) WHERE state = 'queued';
-- The largest turn given so far.
CREATE INDEX jobs_turn ON jobs (priority, turn);
CREATE INDEX jobs_run_at ON jobs (run_at) WHERE state = 'queued';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_owner ON jobs (owner, id);
CREATE INDEX jobs_batch ON jobs (batch, id) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX jobs_idempotency ON jobs (owner, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_expires ON jobs (expires) WHERE expires IS NOT NULL;

-- Tells every process of a change: wakes idle workers, watchers, and workers that are to stop.
CREATE FUNCTION jobs_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Each schema has a channel of its own; a name has at most 63 bytes.
    PERFORM pg_notify(left('cogd_jobs_' || TG_TABLE_SCHEMA, 63), NEW.id || ' ' || NEW.state || ' ' || NEW.cancel_requested);
    RETURN NULL;
END
$$;

CREATE TRIGGER jobs_notify AFTER INSERT OR UPDATE ON jobs
    FOR EACH ROW EXECUTE FUNCTION jobs_notify();
