-- +goose Up
-- How scans of an organisation find their engines bound nobody so far: the first
-- one goes on as it did.
UPDATE organization SET zone_selection = 'selectable+auto' WHERE id = 1 AND zone_selection = 'auto_only';

-- +goose Down
UPDATE organization SET zone_selection = 'auto_only' WHERE id = 1 AND zone_selection = 'selectable+auto';
