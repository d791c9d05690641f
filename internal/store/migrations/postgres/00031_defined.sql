-- +goose Up
-- Asset lists that a site was given through one API were known to that API alone,
-- and its scans went to what they were when they were chosen.
UPDATE site SET options = CAST(jsonb_set(
    CAST(options AS jsonb) #- '{given,securitycenter.assets}', '{defined}',
    CAST('[' || (CAST(options AS jsonb) #>> '{given,securitycenter.assets}') || ']' AS jsonb)) AS text)
WHERE CAST(options AS jsonb) #>> '{given,securitycenter.assets}' <> '';

-- Tickets, alerts and freeze windows have rights of their own, 8192, 16384 and
-- 32768; who could write them, by 32, 4 and 64, goes on doing so.
UPDATE role_definition SET permissions = permissions | 8192 WHERE (permissions & 32) <> 0;
UPDATE role_definition SET permissions = permissions | 16384 WHERE (permissions & 4) <> 0;
UPDATE role_definition SET permissions = permissions | 32768 WHERE (permissions & 64) <> 0;

ALTER TABLE repository ADD COLUMN given TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE repository DROP COLUMN given;
UPDATE role_definition SET permissions = permissions & 8191;
UPDATE site SET options = CAST(jsonb_set(
    CAST(options AS jsonb) - 'defined', '{given,securitycenter.assets}',
    to_jsonb((SELECT string_agg(d.list, ',') FROM jsonb_array_elements_text(CAST(options AS jsonb) -> 'defined') AS d(list)))) AS text)
WHERE CAST(options AS jsonb) -> 'defined' IS NOT NULL;
