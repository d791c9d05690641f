-- +goose Up
-- What a site says beyond what all dialects have in common: JSON, see
-- harrier.SiteOptions.
ALTER TABLE site ADD COLUMN options TEXT COLLATE "C" NOT NULL DEFAULT '{}';
