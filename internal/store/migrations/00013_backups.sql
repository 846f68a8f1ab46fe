-- What was backed up when, and how rehearsals of a recovery went.

-- +goose Up
CREATE TABLE backups (
    at         TEXT    NOT NULL,
    archive    TEXT    NOT NULL, -- Empty: the attempt failed.
    place      TEXT    NOT NULL,
    ok         BOOLEAN NOT NULL,
    bytes      BIGINT  NOT NULL,
    row_count  BIGINT  NOT NULL,
    file_count BIGINT  NOT NULL,
    sha256     TEXT    NOT NULL,
    took_ms    BIGINT  NOT NULL,
    code       TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    PRIMARY KEY (at, archive)
);

CREATE TABLE drills (
    at       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    score    BIGINT NOT NULL,
    document TEXT   NOT NULL,
    PRIMARY KEY (at, kind)
);

-- +goose Down
DROP TABLE drills;
DROP TABLE backups;
