-- +goose Up
-- How the results of a scan are taken over, and what was told of it; see
-- harrier.Terms. Of scans that are there already everything was told.
ALTER TABLE scan ADD COLUMN terms TEXT NOT NULL DEFAULT '{}';
ALTER TABLE scan ADD COLUMN held BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE scan ADD COLUMN discarded BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE scan ADD COLUMN told BIGINT NOT NULL DEFAULT 2;
ALTER TABLE scan ADD COLUMN frozen BIGINT NOT NULL DEFAULT 0;
CREATE INDEX scan_told ON scan (told) WHERE told < 2;

CREATE TABLE freeze_window (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT   NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    owner        BIGINT NOT NULL,
    schedule     TEXT   NOT NULL,
    duration     BIGINT NOT NULL,
    targets      TEXT   NOT NULL,
    hold_running BOOLEAN NOT NULL,
    created      BIGINT NOT NULL,
    modified     BIGINT NOT NULL
);
