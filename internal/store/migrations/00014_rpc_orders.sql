-- Orders in which the endpoints are asked, as measured rankings set them.

-- +goose Up
CREATE TABLE rpc_orders (
    seq BIGINT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    names TEXT NOT NULL
);

-- +goose Down
DROP TABLE rpc_orders;
