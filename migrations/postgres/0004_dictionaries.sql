-- Dictionaries that jobs have learned.
CREATE TABLE dictionaries (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    file BYTEA NOT NULL,
    record TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE UNIQUE INDEX dictionaries_name ON dictionaries (owner, name);
