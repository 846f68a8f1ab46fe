-- What the watch sees, and what it says about it.

-- +goose Up

-- One row is one look at a block of vaults, packed: a fleet of a thousand looked at once a minute makes 1.4 million samples
-- a day. The vault '' is what the fleet shares. grain is raw, 5m or 1h: older looks are thinned out.
CREATE TABLE samples (
    grain       TEXT NOT NULL,
    at          TEXT NOT NULL,
    first_vault TEXT NOT NULL,
    last_vault  TEXT NOT NULL,
    document    TEXT NOT NULL, -- base64 of zstd of JSON.
    PRIMARY KEY (grain, at, first_vault)
);
CREATE INDEX samples_by_time ON samples (at);

CREATE TABLE episodes (
    episode    TEXT NOT NULL PRIMARY KEY,
    alert      TEXT NOT NULL,
    subject    TEXT NOT NULL,
    vault      TEXT NOT NULL, -- '' concerns no single vault.
    state      TEXT NOT NULL,
    severity   TEXT NOT NULL,
    opened_at  TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    live       BOOLEAN NOT NULL, -- Not resolved, or with messages to deliver.
    document   TEXT NOT NULL
);
CREATE INDEX episodes_live ON episodes (opened_at) WHERE live = TRUE;
CREATE INDEX episodes_by_opening ON episodes (opened_at, alert, subject);
CREATE INDEX episodes_by_change ON episodes (changed_at);

CREATE TABLE alert_newest (
    alert   TEXT NOT NULL,
    subject TEXT NOT NULL,
    number  BIGINT NOT NULL,
    mark    TEXT NOT NULL,
    PRIMARY KEY (alert, subject)
);

CREATE TABLE alert_pending (
    alert   TEXT NOT NULL,
    subject TEXT NOT NULL,
    since   TEXT NOT NULL,
    PRIMARY KEY (alert, subject)
);

CREATE TABLE alert_events (
    at       TEXT NOT NULL,
    place    BIGINT NOT NULL, -- Within one step.
    episode  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    alert    TEXT NOT NULL,
    vault    TEXT NOT NULL,
    severity TEXT NOT NULL,
    actor    TEXT NOT NULL,
    detail   TEXT NOT NULL
);
CREATE INDEX alert_events_by_time ON alert_events (at, place);
CREATE INDEX alert_events_by_episode ON alert_events (episode);

CREATE TABLE mutes (
    mute      TEXT NOT NULL PRIMARY KEY,
    starts_at TEXT NOT NULL,
    live      BOOLEAN NOT NULL,
    document  TEXT NOT NULL
);

-- Strangers' pages are few; the watch asks for them at every look.
CREATE INDEX pages_foreign ON pages (vault, day) WHERE ours = FALSE;

-- +goose Down
DROP INDEX pages_foreign;
DROP TABLE mutes;
DROP TABLE alert_events;
DROP TABLE alert_pending;
DROP TABLE alert_newest;
DROP TABLE episodes;
DROP TABLE samples;
