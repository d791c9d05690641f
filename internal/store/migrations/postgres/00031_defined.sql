-- +goose Up
-- Asset lists that a site was given through one API were known to that API alone,
-- and its scans went to what they were when they were chosen.
UPDATE site SET options = CAST(jsonb_set(
    CAST(options AS jsonb) #- '{given,securitycenter.assets}', '{defined}',
    CAST('[' || (CAST(options AS jsonb) #>> '{given,securitycenter.assets}') || ']' AS jsonb)) AS text)
WHERE CAST(options AS jsonb) #>> '{given,securitycenter.assets}' <> '';

-- +goose Down
UPDATE site SET options = CAST(jsonb_set(
    CAST(options AS jsonb) - 'defined', '{given,securitycenter.assets}',
    to_jsonb((SELECT string_agg(d.list, ',') FROM jsonb_array_elements_text(CAST(options AS jsonb) -> 'defined') AS d(list)))) AS text)
WHERE CAST(options AS jsonb) -> 'defined' IS NOT NULL;
