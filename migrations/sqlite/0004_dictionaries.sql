-- Dictionaries that jobs have learned.
CREATE TABLE dictionaries (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    file BLOB NOT NULL,
    record TEXT NOT NULL,
    created INTEGER NOT NULL
);

CREATE UNIQUE INDEX dictionaries_name ON dictionaries (owner, name);
