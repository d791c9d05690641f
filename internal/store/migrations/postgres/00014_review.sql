-- +goose Up
-- Exceptions are submitted, reviewed and recalled; see harrier.ExceptionState.
-- Those that were there are in force.
ALTER TABLE exception ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN reviewer BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exception ADD COLUMN remark TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN given TEXT NOT NULL DEFAULT 'null';
