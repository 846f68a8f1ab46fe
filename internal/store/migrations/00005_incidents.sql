-- Failures, the incidents that they belong to, timelines, and the index of the evidence on disk.

-- +goose Up
CREATE TABLE incidents (
    id         TEXT NOT NULL PRIMARY KEY,
    cause      TEXT NOT NULL,
    vault      TEXT NOT NULL,
    is_open    BOOLEAN NOT NULL,
    state      TEXT NOT NULL,
    severity   TEXT NOT NULL,
    opened_at  TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    document   TEXT NOT NULL
);
-- One open incident per cause and vault; an empty vault is the one of several vaults.
CREATE UNIQUE INDEX incidents_open ON incidents (cause, vault) WHERE is_open;

CREATE TABLE incident_vaults (
    incident  TEXT NOT NULL REFERENCES incidents (id),
    vault     TEXT NOT NULL,
    since     TEXT NOT NULL,
    recovered TEXT,
    PRIMARY KEY (incident, vault)
);
CREATE INDEX incident_vaults_by_vault ON incident_vaults (vault);

CREATE TABLE incident_entries (
    incident TEXT NOT NULL REFERENCES incidents (id),
    seq      BIGINT NOT NULL,
    at       TEXT NOT NULL,
    actor    TEXT NOT NULL,
    channel  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (incident, seq)
);

CREATE TABLE incident_evidence (
    incident TEXT NOT NULL REFERENCES incidents (id),
    path     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    bytes    BIGINT NOT NULL,
    missing  TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (incident, path)
);

CREATE TABLE incident_numbers (
    day  TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE failures (
    failure_key TEXT NOT NULL PRIMARY KEY,
    at          TEXT NOT NULL,
    vault       TEXT NOT NULL,
    cause       TEXT NOT NULL,
    code        TEXT NOT NULL,
    incident    TEXT NOT NULL,
    decision    TEXT NOT NULL,
    document    TEXT NOT NULL
);
CREATE INDEX failures_by_cause ON failures (cause, at, vault);
CREATE INDEX failures_by_incident ON failures (incident, at);

CREATE TABLE config_locks (
    incident TEXT NOT NULL PRIMARY KEY,
    hash     TEXT NOT NULL,
    reason   TEXT NOT NULL
);

-- +goose Down
DROP TABLE config_locks;
DROP TABLE failures;
DROP TABLE incident_numbers;
DROP TABLE incident_evidence;
DROP TABLE incident_entries;
DROP TABLE incident_vaults;
DROP TABLE incidents;
