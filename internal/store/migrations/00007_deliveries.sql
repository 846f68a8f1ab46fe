-- One row for each message and channel: it is written before an attempt and after it, so that a crash between the two
-- leaves a trace, and nobody is paged twice for one message.

-- +goose Up
CREATE TABLE deliveries (
    message_key TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    channel     TEXT NOT NULL,
    ref         TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    code        TEXT NOT NULL,
    error       TEXT NOT NULL,
    uncertain   BOOLEAN NOT NULL, -- An attempt may have been taken.
    lease_until TEXT NOT NULL,    -- While it is in the future and the state is sending, an attempt is under way.
    began_at    TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    PRIMARY KEY (message_key, channel, seq)
);
CREATE INDEX deliveries_by_time ON deliveries (updated_at);

-- +goose Down
DROP TABLE deliveries;
