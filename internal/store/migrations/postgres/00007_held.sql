-- +goose Up
-- The verdict on software was a sum over what it has. It is the list now, see
-- harrier.WriteHeld. What assets have findings of is in doubt until it is
-- compared.
UPDATE thing SET verdict = coalesce((
    SELECT string_agg(v.vuln || ' ?', ',' ORDER BY v.vuln) FROM (
        SELECT DISTINCT f.vuln FROM asset_thing a
        JOIN finding f ON f.asset = a.asset AND f.protocol = a.protocol AND f.port = a.port AND f.instance = a.instance
        WHERE a.thing = thing.id AND f.closed = 0 AND f.vuln >= 100000000) v), '');

-- What is asked about software changes with the program.
CREATE INDEX thing_key_thing ON thing_key (thing);
