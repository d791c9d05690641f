-- +goose Up
-- What pages of attack surfaces look like; see harrier.Screenshot.
CREATE TABLE surface_screenshot (
    node  INTEGER PRIMARY KEY, -- of surface_node
    site  INTEGER NOT NULL,
    scan  INTEGER NOT NULL,    -- that took it
    taken INTEGER NOT NULL,
    webp  BLOB    NOT NULL
);
CREATE INDEX surface_screenshot_site ON surface_screenshot (site);
