-- +goose Up
-- Organisations, their groups and own roles. The first organisation and its first
-- group hold whoever and whatever there was before. Lists are JSON.
CREATE TABLE organization (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid           TEXT   NOT NULL UNIQUE,
    name           TEXT   NOT NULL,
    name_key       TEXT   NOT NULL UNIQUE, -- the name in lower case
    description    TEXT   NOT NULL,
    repositories   TEXT   NOT NULL,
    zone_selection TEXT   NOT NULL,
    restricted_ips TEXT   NOT NULL,
    scores         TEXT   NOT NULL,
    given          TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    modified       BIGINT NOT NULL
);
INSERT INTO organization (id, uuid, name, name_key, description, repositories, zone_selection, restricted_ips, scores, given, created, modified)
    VALUES (1, '', 'Harrier', 'harrier', '', (SELECT coalesce(json_group_array(id), '[1]') FROM repository), 'auto_only', '', '[1,3,10,40]', '{}', 0, 0);

CREATE TABLE user_group (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT    NOT NULL UNIQUE,
    organization BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL, -- the name in lower case
    description  TEXT    NOT NULL,
    first        BOOLEAN NOT NULL,
    repositories TEXT    NOT NULL,
    lists        TEXT    NOT NULL,
    given        TEXT    NOT NULL,
    created      BIGINT  NOT NULL,
    modified     BIGINT  NOT NULL,
    UNIQUE (organization, name_key)
);
INSERT INTO user_group (id, uuid, organization, name, name_key, description, first, repositories, lists, given, created, modified)
    VALUES (1, '', 1, 'Full Access', 'full access', 'Full Access group', TRUE, '[]', '[0]', '{}', 0, 0);

CREATE TABLE role_definition (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid         TEXT   NOT NULL UNIQUE,
    organization BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    name_key     TEXT   NOT NULL, -- the name in lower case
    description  TEXT   NOT NULL,
    permissions  BIGINT NOT NULL,
    owner        BIGINT NOT NULL,
    given        TEXT   NOT NULL,
    created      BIGINT NOT NULL,
    modified     BIGINT NOT NULL,
    UNIQUE (organization, name_key)
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('role_definition', 1000000);
ALTER TABLE users ADD COLUMN organization BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN group_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN managed_users TEXT NOT NULL DEFAULT 'null';
ALTER TABLE users ADD COLUMN managed_objects TEXT NOT NULL DEFAULT 'null';
ALTER TABLE users ADD COLUMN responsible BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN given TEXT NOT NULL DEFAULT 'null';
UPDATE users SET organization = 1, group_id = 1 WHERE role <> 'operator';

-- Where users who are gone belonged: their objects are still there.
CREATE TABLE former_user (
    id           BIGINT PRIMARY KEY,
    organization BIGINT NOT NULL,
    group_id     BIGINT NOT NULL
);

-- Scopes may name many ranges of addresses.
CREATE INDEX asset_addr_key ON asset (addr_key);

-- Changes whenever who sees what does: nobody has to tell those who remember it.
CREATE TABLE access_version (n BIGINT NOT NULL);
INSERT INTO access_version (n) VALUES (0);
-- +goose StatementBegin
CREATE TRIGGER access_organization_insert AFTER INSERT ON organization
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_organization_update AFTER UPDATE ON organization
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_organization_delete AFTER DELETE ON organization
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_user_group_insert AFTER INSERT ON user_group
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_user_group_update AFTER UPDATE ON user_group
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_user_group_delete AFTER DELETE ON user_group
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_role_definition_insert AFTER INSERT ON role_definition
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_role_definition_update AFTER UPDATE ON role_definition
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_role_definition_delete AFTER DELETE ON role_definition
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_former_user_insert AFTER INSERT ON former_user
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_former_user_update AFTER UPDATE ON former_user
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_former_user_delete AFTER DELETE ON former_user
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_asset_list_insert AFTER INSERT ON asset_list
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_asset_list_update AFTER UPDATE ON asset_list
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_asset_list_delete AFTER DELETE ON asset_list
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_repository_insert AFTER INSERT ON repository
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_repository_update AFTER UPDATE ON repository
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_repository_delete AFTER DELETE ON repository
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_users_insert AFTER INSERT ON users
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_users_delete AFTER DELETE ON users
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_users_update AFTER UPDATE ON users WHEN OLD.organization IS NOT NEW.organization OR OLD.group_id IS NOT NEW.group_id OR OLD.name IS NOT NEW.name
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
