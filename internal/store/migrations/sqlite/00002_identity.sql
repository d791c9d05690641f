-- +goose Up
-- What identifies assets.
CREATE TABLE asset_identifier (
    asset      BIGINT  NOT NULL,
    kind       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    repository BIGINT  NOT NULL,
    source     TEXT    NOT NULL,
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    shared     BOOLEAN NOT NULL,
    PRIMARY KEY (asset, kind, value)
) WITHOUT ROWID;
CREATE INDEX asset_identifier_value ON asset_identifier (value, kind, repository);
INSERT INTO asset_identifier SELECT id, 'mac', mac, repository, 'host', first_seen, last_seen, false FROM asset WHERE mac <> '';
INSERT INTO asset_identifier SELECT id, 'fqdn', fqdn, repository, 'host', first_seen, last_seen, false FROM asset WHERE fqdn <> '';
INSERT INTO asset_identifier SELECT id, 'netbios', lower(netbios), repository, 'host', first_seen, last_seen, false FROM asset WHERE netbios <> '';

CREATE TABLE asset_merge (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    repository BIGINT NOT NULL,
    into_asset BIGINT NOT NULL,
    from_asset BIGINT NOT NULL,
    from_uuid  TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    who        TEXT   NOT NULL,
    scan       BIGINT NOT NULL,
    score      BIGINT NOT NULL,
    reasons    TEXT   NOT NULL,
    undone     BIGINT NOT NULL,
    undone_by  TEXT   NOT NULL
);
CREATE TABLE asset_merge_detail (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- Of hosts that wait to be recognised, the services. The key is that of
-- host_observations.
CREATE TABLE host_waiting (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
-- Why a host was held to be an asset that was known.
CREATE TABLE host_recognition (
    id    INTEGER PRIMARY KEY,
    asset BIGINT NOT NULL,
    data  BLOB   NOT NULL
);
CREATE INDEX host_recognition_asset ON host_recognition (asset, id);
CREATE INDEX scan_host_asset ON scan_host (asset) WHERE asset > 0;
