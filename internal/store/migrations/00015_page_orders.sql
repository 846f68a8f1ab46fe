-- Page sizes that operators approved, with what they did to the vaults' pages.

-- +goose Up
CREATE TABLE page_orders (
    seq BIGINT NOT NULL PRIMARY KEY,
    vault TEXT NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX page_orders_vault ON page_orders (vault, seq);

-- +goose Down
DROP TABLE page_orders;
