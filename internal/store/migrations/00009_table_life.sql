-- When a lookup table was needed last and when it was taken out of use, so that its rent comes back in the end.

-- +goose Up
ALTER TABLE lookup_tables ADD COLUMN deactivated TEXT NOT NULL DEFAULT '0';
ALTER TABLE lookup_tables ADD COLUMN used_on TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE lookup_tables DROP COLUMN used_on;
ALTER TABLE lookup_tables DROP COLUMN deactivated;
