-- +goose Up
-- What the people of organisations may use: see harrier.Profile.
CREATE TABLE profile (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE, -- the name in lower case
    description     TEXT NOT NULL,
    without_formats TEXT NOT NULL,
    given           TEXT NOT NULL,
    created         BIGINT NOT NULL,
    modified        BIGINT NOT NULL
);
ALTER TABLE organization ADD COLUMN profile BIGINT NOT NULL DEFAULT 0; -- 0: everything

-- Services that know of assets: see harrier.Connection.
CREATE TABLE discovery_connection (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid     TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE, -- the name in lower case
    address  TEXT NOT NULL,
    port     BIGINT NOT NULL,
    protocol TEXT NOT NULL,
    kind     TEXT NOT NULL,
    account  TEXT NOT NULL,
    engine   BIGINT NOT NULL,
    sealed   TEXT NOT NULL,
    given    TEXT NOT NULL,
    created  BIGINT NOT NULL,
    modified BIGINT NOT NULL
);
