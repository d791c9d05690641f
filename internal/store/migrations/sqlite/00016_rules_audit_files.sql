-- +goose Up
-- A rule of an organisation for all repositories speaks of those that the
-- organisation uses: one rule for each of them.
INSERT INTO exception (uuid, vuln, host, hide, recast, reason, owner, created, expires, repository, protocol, port, scope, state, reviewer, remark, given)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), e.vuln, e.host, e.hide, e.recast, e.reason, e.owner, e.created, e.expires, r.value, e.protocol, e.port, e.scope, e.state, e.reviewer, e.remark, e.given
    FROM exception e
    JOIN (SELECT id, organization FROM users UNION ALL SELECT id, organization FROM former_user) u ON u.id = e.owner
    JOIN organization o ON o.id = u.organization
    JOIN json_each(CASE WHEN o.repositories IN ('', 'null') THEN '[]' ELSE o.repositories END) r
    WHERE e.repository = 0 AND r.key > 0
    ORDER BY e.id;
UPDATE exception SET repository = coalesce((
    SELECT json_extract(o.repositories, '$[0]')
    FROM (SELECT id, organization FROM users UNION ALL SELECT id, organization FROM former_user) u
    JOIN organization o ON o.id = u.organization
    WHERE u.id = exception.owner AND o.repositories NOT IN ('', 'null', '[]')), 0)
    WHERE repository = 0;
-- One whose organisation uses none spoke of nothing that it may see.
UPDATE exception SET state = 'recalled'
    WHERE repository = 0 AND owner IN (SELECT id FROM users WHERE organization <> 0 UNION ALL SELECT id FROM former_user WHERE organization <> 0);

CREATE TABLE audit_file (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    kind        TEXT NOT NULL,
    items       BIGINT NOT NULL,
    original    TEXT NOT NULL,
    variables   TEXT NOT NULL,
    given       TEXT NOT NULL,
    owner       BIGINT NOT NULL,
    groups      TEXT NOT NULL,
    created     BIGINT NOT NULL,
    modified    BIGINT NOT NULL
);
-- The text of an audit file, which lists do not need.
CREATE TABLE audit_text (
    id   BIGINT PRIMARY KEY,
    text TEXT NOT NULL
);
ALTER TABLE policy ADD COLUMN audits TEXT NOT NULL DEFAULT 'null';
