-- +goose Up
-- Asset lists that a site was given through one API were known to that API alone,
-- and its scans went to what they were when they were chosen.
UPDATE site SET options = json_remove(
    json_set(options, '$.defined', json('[' || json_extract(options, '$.given."securitycenter.assets"') || ']')),
    '$.given."securitycenter.assets"')
WHERE options LIKE '%"securitycenter.assets":"_%' AND options NOT LIKE '%"securitycenter.assets":""%';

-- +goose Down
UPDATE site SET options = json_remove(
    json_set(options, '$.given."securitycenter.assets"', (SELECT group_concat(value) FROM json_each(options, '$.defined'))),
    '$.defined')
WHERE options LIKE '%"defined":[%';
