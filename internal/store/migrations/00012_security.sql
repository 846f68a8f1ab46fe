-- What each signature of a key can cost at most: the signing policy's caps of 24 hours count with it.
-- Receipts are what investors verify by themselves.

-- +goose Up
CREATE TABLE spendings (
    payer   TEXT NOT NULL,
    message TEXT NOT NULL, -- SHA-256 of the signed message.
    at      TEXT NOT NULL,
    fee     TEXT NOT NULL,
    rent    TEXT NOT NULL,
    PRIMARY KEY (payer, message)
);
CREATE INDEX spendings_by_time ON spendings (payer, at, fee, rent);

CREATE TABLE receipts (
    vault    TEXT NOT NULL,
    day      TEXT NOT NULL,
    at       TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (vault, day)
);

-- An entry that is told again is looked for by its time.
CREATE INDEX audit_by_time ON audit (at);

-- +goose Down
DROP INDEX audit_by_time;
DROP TABLE receipts;
DROP TABLE spendings;
