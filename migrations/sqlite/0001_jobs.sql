-- Jobs: the source of truth for their states, and the queue itself.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    spec TEXT NOT NULL,
    inputs TEXT NOT NULL,
    priority INTEGER NOT NULL,
    -- The place among jobs of its priority, so that owners take turns.
    turn INTEGER NOT NULL,
    batch TEXT,
    webhook TEXT,
    idempotency_key TEXT,
    fingerprint TEXT,
    state TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    -- Claims so far. Never falls, so it tells a worker from the one before it.
    claims INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    worker TEXT,
    lease_until INTEGER,
    run_at INTEGER NOT NULL,
    progress TEXT,
    completion TEXT,
    error TEXT,
    created INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    expires INTEGER
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
