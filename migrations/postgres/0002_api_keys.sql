-- API keys. What is kept of a key cannot be used to call.
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- SHA-256 of the key, in hexadecimal.
    hash TEXT NOT NULL,
    -- Names of scopes, separated by commas.
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    -- To within a minute.
    used BIGINT,
    revoked BIGINT
);

-- The name of a revoked key may be given again.
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked IS NULL;
