-- What the reports ask for: which day the chain opened when, what days cost, what an investor got.

-- +goose Up

-- The chain's time of the opening, in unix seconds. NULL: not opened, or stored before this column was; then the document
-- knows it.
ALTER TABLE manifests ADD COLUMN opened_ts BIGINT;
CREATE INDEX manifests_by_opening ON manifests (day, vault, opened_ts, hash);

-- They hold all that the sums need, because the rows are large.
CREATE INDEX intents_cost ON intents (day, vault, kind, state, fee_lamports);
CREATE INDEX operations_effort ON operations (run_id, attempt, ok, requests);
DROP INDEX operations_by_run;

CREATE INDEX outcomes_by_stream ON outcomes (stream, day);

-- +goose Down
DROP INDEX outcomes_by_stream;
CREATE INDEX operations_by_run ON operations (run_id);
DROP INDEX operations_effort;
DROP INDEX intents_cost;
DROP INDEX manifests_by_opening;
ALTER TABLE manifests DROP COLUMN opened_ts;
