-- +goose Up
-- What pages of attack surfaces look like; see harrier.Screenshot.
CREATE TABLE surface_screenshot (
    node  BIGINT PRIMARY KEY, -- of surface_node
    site  BIGINT NOT NULL,
    scan  BIGINT NOT NULL,    -- that took it
    taken BIGINT NOT NULL,
    webp  BYTEA  NOT NULL
);
CREATE INDEX surface_screenshot_site ON surface_screenshot (site);
