-- +goose Up
-- What else a profile takes away: see harrier.Profile.
ALTER TABLE profile ADD COLUMN without_chapters TEXT NOT NULL DEFAULT '[]';
ALTER TABLE profile ADD COLUMN only_these TEXT NOT NULL DEFAULT '{}'; -- of harrier.Only

-- How many users and assets there may be: see harrier.Organization. 0: any number.
ALTER TABLE organization ADD COLUMN max_users BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organization ADD COLUMN max_assets BIGINT NOT NULL DEFAULT 0;
