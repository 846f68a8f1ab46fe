-- +goose Up
CREATE TABLE safety (
    kind   TEXT NOT NULL,
    vault  TEXT NOT NULL, -- '' is every vault.
    reason TEXT NOT NULL,
    actor  TEXT NOT NULL,
    at     TEXT NOT NULL,
    PRIMARY KEY (kind, vault)
);

CREATE TABLE operations (
    name        TEXT NOT NULL,
    vault       TEXT NOT NULL,
    started     TEXT NOT NULL,
    duration_ns BIGINT NOT NULL,
    ok          BOOLEAN NOT NULL,
    code        TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    requests    BIGINT NOT NULL
);
CREATE INDEX operations_by_time ON operations (started);
CREATE INDEX operations_by_run ON operations (run_id);

-- Every entry holds the hash of the one before it: a changed, removed or inserted line breaks the chain.
CREATE TABLE audit (
    seq     BIGINT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
);

-- +goose Down
DROP TABLE audit;
DROP TABLE operations;
DROP TABLE safety;
