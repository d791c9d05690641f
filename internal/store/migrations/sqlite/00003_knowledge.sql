-- +goose Up
-- Whether a scan or later knowledge made a finding: see harrier.Origin.
ALTER TABLE finding ADD COLUMN origin BIGINT NOT NULL DEFAULT 0;

-- How much an asset matters, in percent.
ALTER TABLE asset ADD COLUMN importance BIGINT NOT NULL DEFAULT 100;

-- Software at some version: what all decisions about it follow from, each kept
-- once, with the vulnerabilities that it was last found to have.
CREATE TABLE thing (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL UNIQUE,
    verdict TEXT NOT NULL
);
-- What is asked of the knowledge about it.
CREATE TABLE thing_key (
    name  TEXT NOT NULL,
    thing BIGINT NOT NULL,
    PRIMARY KEY (name, thing)
);
-- Where assets have it.
CREATE TABLE asset_thing (
    asset    BIGINT NOT NULL,
    protocol TEXT NOT NULL,
    port     BIGINT NOT NULL,
    instance TEXT NOT NULL,
    thing    BIGINT NOT NULL,
    PRIMARY KEY (asset, protocol, port, instance)
);
CREATE INDEX asset_thing_thing ON asset_thing (thing, asset);

-- The packages that are installed on assets, as they were listed last.
CREATE TABLE inventory (
    asset     INTEGER PRIMARY KEY,
    collected BIGINT NOT NULL,
    data      BLOB    NOT NULL
);
