-- +goose Up
-- When somebody decided about an exception; 0 when nobody did, or it is not known.
ALTER TABLE exception ADD COLUMN reviewed BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE exception DROP COLUMN reviewed;
