-- +goose Up
-- What reports are made of; see harrier.ReportDefinition and harrier.Report.
CREATE TABLE report_definition (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    owner       BIGINT NOT NULL,
    template    TEXT NOT NULL,
    format      TEXT NOT NULL,
    options     TEXT NOT NULL,
    scope       TEXT NOT NULL,
    schedule    TEXT NOT NULL,
    next_run    BIGINT NOT NULL,
    after_scan  BOOLEAN NOT NULL,
    recipients  TEXT NOT NULL,
    groups      TEXT NOT NULL,
    keep        BIGINT NOT NULL,
    given       TEXT NOT NULL,
    created     BIGINT NOT NULL,
    modified    BIGINT NOT NULL
);
CREATE INDEX report_definition_next_run ON report_definition (next_run) WHERE next_run > 0;

ALTER TABLE report ADD COLUMN definition BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';
ALTER TABLE report ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN template TEXT NOT NULL DEFAULT '';
ALTER TABLE report ADD COLUMN recipients TEXT NOT NULL DEFAULT 'null';
ALTER TABLE report ADD COLUMN steps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN done BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN started BIGINT NOT NULL DEFAULT 0;
CREATE INDEX report_of_definition ON report (definition) WHERE definition > 0;
