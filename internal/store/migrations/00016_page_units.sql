-- What a vault's page took of a transaction's compute limit, as it was measured last.

-- +goose Up
CREATE TABLE page_units (
    vault TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
);

-- +goose Down
DROP TABLE page_units;
