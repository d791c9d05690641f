-- +goose Up
-- With whom a report is shared, and how it goes to people by mail: see
-- harrier.ReportDefinition.
ALTER TABLE report_definition ADD COLUMN users TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE report_definition ADD COLUMN mail TEXT COLLATE "C" NOT NULL DEFAULT '{}';
