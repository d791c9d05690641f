-- +goose Up
-- What narrows an exception; see harrier.Exception.
ALTER TABLE exception ADD COLUMN repository BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exception ADD COLUMN protocol TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN port TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN scope TEXT NOT NULL DEFAULT '';

CREATE TABLE asset_list (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    tags        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    definition  TEXT   NOT NULL,
    owner       BIGINT NOT NULL,
    groups      TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    modified    BIGINT NOT NULL
);

CREATE TABLE saved_query (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    tags        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    tool        TEXT   NOT NULL,
    definition  TEXT   NOT NULL,
    owner       BIGINT NOT NULL,
    groups      TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    modified    BIGINT NOT NULL
);
