-- +goose Up
-- A rule of an organisation for all repositories speaks of those that the
-- organisation uses: one rule for each of them.
INSERT INTO exception (uuid, vuln, host, hide, recast, reason, owner, created, expires, repository, protocol, port, scope, state, reviewer, remark, given)
    SELECT gen_random_uuid()::text, e.vuln, e.host, e.hide, e.recast, e.reason, e.owner, e.created, e.expires, r.value::bigint, e.protocol, e.port, e.scope, e.state, e.reviewer, e.remark, e.given
    FROM exception e
    JOIN (SELECT id, organization FROM users UNION ALL SELECT id, organization FROM former_user) u ON u.id = e.owner
    JOIN organization o ON o.id = u.organization
    CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN o.repositories IN ('', 'null') THEN '[]' ELSE o.repositories END::jsonb) WITH ORDINALITY r(value, n)
    WHERE e.repository = 0 AND r.n > 1
    ORDER BY e.id;
UPDATE exception SET repository = coalesce((
    SELECT (o.repositories::jsonb ->> 0)::bigint
    FROM (SELECT id, organization FROM users UNION ALL SELECT id, organization FROM former_user) u
    JOIN organization o ON o.id = u.organization
    WHERE u.id = exception.owner AND o.repositories NOT IN ('', 'null', '[]')), 0)
    WHERE repository = 0;
-- One whose organisation uses none spoke of nothing that it may see.
UPDATE exception SET state = 'recalled'
    WHERE repository = 0 AND owner IN (SELECT id FROM users WHERE organization <> 0 UNION ALL SELECT id FROM former_user WHERE organization <> 0);
