-- +goose Up
-- Keys of programs, see harrier.APIKey, and what engines are told to do otherwise.
CREATE TABLE api_key (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    hash         TEXT    NOT NULL UNIQUE,
    user_id      BIGINT  NOT NULL,
    for_all      BOOLEAN NOT NULL,
    organization BIGINT  NOT NULL,
    created      BIGINT  NOT NULL
);

CREATE TABLE engine_property (
    engine TEXT NOT NULL, -- its UUID
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (engine, name)
);
