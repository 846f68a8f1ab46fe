-- +goose Up
CREATE TABLE arrears (
    vault       TEXT NOT NULL,
    day         TEXT NOT NULL,
    stream      TEXT NOT NULL,
    recipient   TEXT NOT NULL, -- '' is unknown.
    reason      TEXT NOT NULL,
    would       TEXT,          -- NULL is unknown, which is not 0.
    mint        TEXT NOT NULL,
    symbol      TEXT NOT NULL,
    decimals    INTEGER NOT NULL,
    state       TEXT NOT NULL,
    retested_on TEXT NOT NULL, -- '' is never.
    retest      TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (vault, day, stream)
);

-- +goose Down
DROP TABLE arrears;
