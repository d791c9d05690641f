-- +goose Up
-- Users of all sites, groups whose members see by sites, how often alerts have
-- told of a scan, and templates of reports.
ALTER TABLE users ADD COLUMN all_sites BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET all_sites = TRUE WHERE given LIKE '%"nexpose.allSites":"1"%';
ALTER TABLE user_group ADD COLUMN by_sites BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE alert_count (
    alert BIGINT NOT NULL,
    scan  BIGINT NOT NULL,
    n     BIGINT NOT NULL,
    PRIMARY KEY (alert, scan)
);

CREATE TABLE report_template (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    owner       BIGINT  NOT NULL,
    chapters    TEXT    NOT NULL,
    columns     TEXT    NOT NULL,
    given       TEXT    NOT NULL,
    created     BIGINT  NOT NULL,
    modified    BIGINT  NOT NULL
);
ALTER TABLE report_definition ADD COLUMN own_template BIGINT NOT NULL DEFAULT 0;

-- What sites hold says who sees what, where a group says so.
-- +goose StatementBegin
CREATE TRIGGER access_site_insert AFTER INSERT ON site WHEN EXISTS (SELECT 1 FROM user_group WHERE by_sites)
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_site_delete AFTER DELETE ON site WHEN EXISTS (SELECT 1 FROM user_group WHERE by_sites)
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_site_update AFTER UPDATE ON site WHEN (OLD.owner IS NOT NEW.owner OR OLD.grants IS NOT NEW.grants OR OLD.targets IS NOT NEW.targets OR OLD.exclusions IS NOT NEW.exclusions)
    AND EXISTS (SELECT 1 FROM user_group WHERE by_sites)
BEGIN
    UPDATE access_version SET n = random();
END;
-- +goose StatementEnd
