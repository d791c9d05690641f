-- +goose Up
-- Tags of assets, and what they were put on: see harrier.Tag. Uses of things
-- that are gone stay, and mean nothing.
CREATE TABLE tag (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid     TEXT    NOT NULL UNIQUE,
    name     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    color    TEXT    NOT NULL,
    weight   BIGINT  NOT NULL,
    built_in BOOLEAN NOT NULL,
    rule     TEXT    NOT NULL,
    owner    BIGINT  NOT NULL,
    given    TEXT    NOT NULL,
    created  BIGINT  NOT NULL,
    modified BIGINT  NOT NULL
);
CREATE TABLE tag_use (
    tag    BIGINT NOT NULL,
    place  TEXT   NOT NULL,
    object BIGINT NOT NULL,
    PRIMARY KEY (tag, place, object)
);
CREATE INDEX tag_use_object ON tag_use (place, object);

-- Which assets carry which tags, for whatever reason.
CREATE TABLE asset_tag (
    tag   BIGINT NOT NULL,
    asset BIGINT NOT NULL,
    PRIMARY KEY (tag, asset)
);
CREATE INDEX asset_tag_asset ON asset_tag (asset);

-- Assets whose importance is that of a tag, and what it was before.
CREATE TABLE tag_weight (
    asset  BIGINT PRIMARY KEY,
    before BIGINT NOT NULL
);

INSERT INTO tag (id, uuid, name, kind, color, weight, built_in, rule, owner, given, created, modified) VALUES
    (1, '018f0000-0000-7000-8000-000000000001', 'Very High', 'criticality', 'default', 200, 1, '', 0, 'null', 1704067200000000, 1704067200000000),
    (2, '018f0000-0000-7000-8000-000000000002', 'High', 'criticality', 'default', 150, 1, '', 0, 'null', 1704067200000000, 1704067200000000),
    (3, '018f0000-0000-7000-8000-000000000003', 'Medium', 'criticality', 'default', 100, 1, '', 0, 'null', 1704067200000000, 1704067200000000),
    (4, '018f0000-0000-7000-8000-000000000004', 'Low', 'criticality', 'default', 75, 1, '', 0, 'null', 1704067200000000, 1704067200000000),
    (5, '018f0000-0000-7000-8000-000000000005', 'Very Low', 'criticality', 'default', 50, 1, '', 0, 'null', 1704067200000000, 1704067200000000);
