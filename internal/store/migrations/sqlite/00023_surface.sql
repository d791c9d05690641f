-- +goose Up
-- What the surveys of a site found; see harrier.SurfaceNode and harrier.SurfaceLink.
CREATE TABLE surface_node (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT    NOT NULL UNIQUE,
    site            INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    attributes      TEXT    NOT NULL,
    attributes_scan INTEGER NOT NULL, -- the scan that told them
    first_seen      INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL,
    first_scan      INTEGER NOT NULL,
    last_scan       INTEGER NOT NULL,
    UNIQUE (site, kind, name)
);

CREATE TABLE surface_link (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid       TEXT    NOT NULL UNIQUE,
    site       INTEGER NOT NULL,
    from_node  INTEGER NOT NULL,
    to_node    INTEGER NOT NULL,
    link       TEXT    NOT NULL,
    how        TEXT    NOT NULL,
    attributes TEXT    NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    first_scan INTEGER NOT NULL,
    last_scan  INTEGER NOT NULL,
    ended_scan INTEGER NOT NULL,
    ended      INTEGER NOT NULL
);
CREATE UNIQUE INDEX surface_link_open ON surface_link (site, from_node, to_node, link, how) WHERE ended_scan = 0;
CREATE INDEX surface_link_site ON surface_link (site);

-- When a key ends; 0: never.
ALTER TABLE api_key ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;
