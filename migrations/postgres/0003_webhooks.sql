-- What is to be told to webhooks: one event for each job that has come to its end.
CREATE TABLE webhooks (
    job TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    -- The bytes that are signed and sent.
    body BYTEA NOT NULL,
    -- waiting, delivered or failed.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it may be sent; while it is sent, when it may be sent by another.
    run_at BIGINT NOT NULL,
    created BIGINT NOT NULL,
    finished BIGINT,
    -- Why the last attempt failed.
    error TEXT
);

CREATE INDEX webhooks_run_at ON webhooks (run_at) WHERE state = 'waiting';
CREATE INDEX webhooks_finished ON webhooks (finished) WHERE finished IS NOT NULL;
