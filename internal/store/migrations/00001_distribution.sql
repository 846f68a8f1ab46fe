-- Portable between SQLite and PostgreSQL: TEXT, BIGINT and BOOLEAN only.
-- Every u64 (amounts, slots, block heights) is decimal TEXT, because both databases' integers are signed and end at 2^63-1.
-- Every time is TEXT in UTC with nine decimals, so that it sorts and an operator can read it.

-- +goose Up
CREATE TABLE manifests (
    vault      TEXT NOT NULL,
    day        TEXT NOT NULL,
    hash       TEXT NOT NULL,
    document   TEXT NOT NULL,
    opening    TEXT,
    PRIMARY KEY (vault, day)
);

CREATE TABLE intents (
    signature    TEXT NOT NULL PRIMARY KEY,
    vault        TEXT NOT NULL,
    day          TEXT NOT NULL,
    kind         TEXT NOT NULL,
    intent_key   TEXT NOT NULL,
    state        TEXT NOT NULL,
    raw          TEXT NOT NULL,
    blockhash    TEXT NOT NULL,
    last_valid   TEXT NOT NULL,
    slot         TEXT NOT NULL,
    err          TEXT NOT NULL,
    fee_lamports TEXT NOT NULL,
    units        TEXT NOT NULL,
    unit_price   TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
);
CREATE INDEX intents_by_day ON intents (vault, day, created_at);
CREATE INDEX intents_open ON intents (vault, created_at) WHERE state IN ('prepared', 'sent', 'confirmed');

CREATE TABLE pages (
    vault      TEXT NOT NULL,
    day        TEXT NOT NULL,
    page_start BIGINT NOT NULL,
    signature  TEXT NOT NULL,
    ours       BOOLEAN NOT NULL,
    slot       TEXT NOT NULL,
    finalized  BOOLEAN NOT NULL,
    paid       TEXT NOT NULL,
    creator    TEXT NOT NULL,
    claimed    TEXT NOT NULL,
    closed     BOOLEAN NOT NULL,
    PRIMARY KEY (vault, day, page_start, signature)
);

CREATE TABLE payouts (
    vault      TEXT NOT NULL,
    day        TEXT NOT NULL,
    page_start BIGINT NOT NULL,
    signature  TEXT NOT NULL,
    place      BIGINT NOT NULL,
    recipient  TEXT NOT NULL,
    ata        TEXT NOT NULL,
    amount     TEXT NOT NULL,
    payout_sig TEXT NOT NULL,
    PRIMARY KEY (vault, day, page_start, signature, place),
    FOREIGN KEY (vault, day, page_start, signature) REFERENCES pages (vault, day, page_start, signature) ON DELETE CASCADE
);

CREATE TABLE outcomes (
    vault     TEXT NOT NULL,
    day       TEXT NOT NULL,
    place     BIGINT NOT NULL,
    idx       BIGINT NOT NULL,
    stream    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    planned   TEXT NOT NULL,
    paid      TEXT NOT NULL,
    signature TEXT NOT NULL,
    reason    TEXT NOT NULL,
    note      TEXT NOT NULL,
    PRIMARY KEY (vault, day, place)
);
CREATE INDEX outcomes_by_recipient ON outcomes (recipient, day);

CREATE TABLE checks (
    vault     TEXT NOT NULL,
    day       TEXT NOT NULL,
    place     BIGINT NOT NULL,
    req       TEXT NOT NULL,
    name      TEXT NOT NULL,
    result    TEXT NOT NULL,
    observed  TEXT NOT NULL,
    threshold TEXT NOT NULL,
    next      TEXT NOT NULL,
    PRIMARY KEY (vault, day, place)
);

CREATE TABLE reports (
    vault    TEXT NOT NULL,
    day      TEXT NOT NULL,
    state    TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (vault, day)
);
CREATE INDEX reports_by_day ON reports (day);

CREATE TABLE lookup_tables (
    address   TEXT NOT NULL PRIMARY KEY,
    vault     TEXT NOT NULL,
    authority TEXT NOT NULL,
    addresses TEXT NOT NULL,
    slot      TEXT NOT NULL,
    active    BOOLEAN NOT NULL
);
CREATE INDEX lookup_tables_by_vault ON lookup_tables (vault);

-- +goose Down
DROP TABLE lookup_tables;
DROP TABLE reports;
DROP TABLE checks;
DROP TABLE outcomes;
DROP TABLE payouts;
DROP TABLE pages;
DROP TABLE intents;
DROP TABLE manifests;
