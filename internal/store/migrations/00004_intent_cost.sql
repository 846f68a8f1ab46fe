-- What an intent may cost and who pays: the cap of fees per day and payer counts with it. Intents from before have no
-- payer and count for none.

-- +goose Up
ALTER TABLE intents ADD COLUMN payer TEXT NOT NULL DEFAULT '';
ALTER TABLE intents ADD COLUMN max_fee TEXT NOT NULL DEFAULT '0';
-- It holds all that the sum needs, because the rows are large.
CREATE INDEX intents_by_payer ON intents (payer, created_at, state, fee_lamports, max_fee);

-- +goose Down
DROP INDEX intents_by_payer;
ALTER TABLE intents DROP COLUMN max_fee;
ALTER TABLE intents DROP COLUMN payer;
