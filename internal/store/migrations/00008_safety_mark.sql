-- The newest entry of an action, without reading the whole log: a resume asks it in the transaction that lifts a stop.

-- +goose Up
CREATE INDEX audit_by_action ON audit (action, seq);

-- +goose Down
DROP INDEX audit_by_action;
