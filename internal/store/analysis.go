package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// groups says how findings f of assets a are put together.
var groups = map[harrier.Grouping]struct {
	key, id, repository string // expressions; "" for none
	severity            bool   // the severity belongs to the key
	hosts               bool
	join                string
	where               string
}{
	harrier.ByAsset:         {id: "f.asset"},
	harrier.ByVulnerability: {id: "f.vuln", severity: true, hosts: true},
	harrier.BySeverity:      {severity: true},
	harrier.ByPort:          {id: "f.port"},
	harrier.ByProtocol:      {key: "f.protocol"},
	harrier.ByRepository:    {id: "f.repository"},
	harrier.ByFamily:        {key: "v.family", join: "JOIN vulnerability v ON v.id = f.vuln"},
	harrier.ByCVE:           {key: "v.cve", hosts: true, join: "JOIN vulnerability_cve v ON v.vuln = f.vuln"},
	harrier.ByFQDN:          {key: "a.fqdn", repository: "f.repository", join: ofAssets, where: "a.fqdn <> ''"},
	harrier.ByOS:            {key: "a.os", hosts: true, join: ofAssets, where: "a.os <> ''"},
	harrier.ByService:       {key: "f.service", hosts: true, where: "f.service <> ''"},
	harrier.BySoftware:      {key: software, hosts: true, join: ofServers, where: "s.product <> ''"},
	harrier.BySSHServer:     {key: software, hosts: true, join: ofServers, where: "s.product <> '' AND s.name = 'ssh'"},
	harrier.ByWebServer:     {key: software, hosts: true, join: ofServers, where: "s.product <> '' AND s.name = 'http'"},
	harrier.ByMailServer:    {key: software, hosts: true, join: ofServers, where: "s.product <> '' AND s.name IN ('smtp', 'imap', 'pop3')"},
	harrier.ByClassA:        {key: "%hex(1)", repository: "f.repository", join: ofAssets, where: "%mapped"},
	harrier.ByClassB:        {key: "%hex(2)", repository: "f.repository", join: ofAssets, where: "%mapped"},
	harrier.ByClassC:        {key: "%hex(3)", repository: "f.repository", join: ofAssets, where: "%mapped"},
}

const (
	ofAssets  = "JOIN asset a ON a.id = f.asset"
	ofServers = "JOIN service s ON s.asset = f.asset"
	software  = "trim(s.product || ' ' || s.version)"
)

// network returns the first n bytes of an IPv4 address as hexadecimal digits.
func (db *DB) network(text string) string {
	for n := 1; n <= 3; n++ {
		hex := fmt.Sprintf("hex(substr(a.addr_key, 13, %d))", n)
		if db.driver == postgresDialect {
			hex = fmt.Sprintf("upper(encode(substring(a.addr_key from 13 for %d), 'hex'))", n)
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("%%hex(%d)", n), hex)
	}
	mapped := "substr(a.addr_key, 1, 12) = x'00000000000000000000ffff'"
	if db.driver == postgresDialect {
		mapped = `substring(a.addr_key from 1 for 12) = '\x00000000000000000000ffff'::bytea`
	}
	return strings.ReplaceAll(text, "%mapped", mapped)
}

// sumOrders says what groups g are sorted by.
var sumOrders = map[string]string{
	"":         "",
	"key":      "",
	"total":    "s0 + s1 + s2 + s3 + s4",
	"severity": "sev",
	"hosts":    "hosts",
	"info":     "s0",
	"low":      "s1",
	"medium":   "s2",
	"high":     "s3",
	"critical": "s4",
}

// SumFindings counts the findings that e holds for in groups, at the severities
// that they show at under the exceptions at time at. It answers Invalid, naming
// the field, for what can not be searched or sorted by.
func (db *DB) SumFindings(ctx context.Context, e harrier.Expr, q harrier.SumQuery, at time.Time) (harrier.Sums, error) {
	var out harrier.Sums
	by, ok := groups[q.By]
	if !ok {
		return out, harrier.Invalidf("by", "findings can not be counted by %q", string(q.By))
	}
	order, err := sumOrder(q)
	if err != nil {
		return out, err
	}
	c, j, err := db.judging(ctx, at)
	if err != nil {
		return out, err
	}
	if e, err = db.prepare(ctx, e); err != nil {
		return out, err
	}
	where, err := c.where(e)
	if err != nil {
		return out, err
	}
	ok, err = db.answer(ctx, e, func(v *columns.View, e harrier.Expr) (err error) {
		out, err = v.Sums(e, q, at)
		return err
	}, nil)
	if ok || err != nil {
		return out, err
	}
	out = harrier.Sums{}
	var list []string
	for _, k := range []struct{ of, as, none string }{{by.key, "k", "''"}, {by.id, "id", "0"}, {by.repository, "rep", "0"}} {
		if k.of == "" {
			k.of = k.none
		}
		list = append(list, db.network(k.of)+" AS "+k.as)
	}
	sev, keys := "max(sev)", "k, id, rep"
	if by.severity {
		sev, keys = "sev", keys+", sev"
	}
	for i := range harrier.Severities {
		list = append(list, fmt.Sprintf("CASE WHEN f.severity = %d THEN 1 ELSE 0 END AS s%d", i, i))
	}
	hosts := "0"
	if by.hosts {
		hosts = "count(DISTINCT asset)"
	}
	filter := ""
	if by.where != "" {
		filter = " WHERE " + db.network(by.where)
	}
	// The judged severity is worked out once for each finding, not for each column.
	inner := "SELECT asset, vuln, protocol, port, service, repository, " + j.severity + " AS severity FROM finding WHERE " + where
	with, from := "WITH ", "("+inner+") f "
	if j.rules {
		with, from = "WITH j AS MATERIALIZED ("+inner+"), ", "j f "
	}
	text := with + "r AS (SELECT f.asset, f.severity AS sev, " + strings.Join(list, ", ") +
		" FROM " + from + by.join + filter +
		"), g AS (SELECT k, id, rep, " + sev + ` AS sev, CAST(sum(s0) AS BIGINT) AS s0, CAST(sum(s1) AS BIGINT) AS s1, CAST(sum(s2) AS BIGINT) AS s2,
		CAST(sum(s3) AS BIGINT) AS s3, CAST(sum(s4) AS BIGINT) AS s4, ` + hosts + " AS hosts FROM r GROUP BY " + keys + `),
		p AS (SELECT * FROM g ORDER BY ` + order + page(&c, q) + `)
		SELECT 0 AS part, '' AS k, count(*) AS id, 0 AS rep, 0 AS sev, CAST(coalesce(sum(s0), 0) AS BIGINT) AS s0, CAST(coalesce(sum(s1), 0) AS BIGINT) AS s1,
		CAST(coalesce(sum(s2), 0) AS BIGINT) AS s2, CAST(coalesce(sum(s3), 0) AS BIGINT) AS s3, CAST(coalesce(sum(s4), 0) AS BIGINT) AS s4,
		CAST(coalesce(sum(hosts), 0) AS BIGINT) AS hosts FROM g
		UNION ALL SELECT 1, k, id, rep, sev, s0, s1, s2, s3, s4, hosts FROM p`
	text = "SELECT part, k, id, rep, sev, s0, s1, s2, s3, s4, hosts FROM (" + text + ") g ORDER BY part, " + order
	err = db.rows(ctx, text, c.args, func(scan func(...any) error) error {
		var s harrier.Sum
		var part int
		n := &s.Counts
		if err := scan(&part, &s.Key, &s.ID, &s.Repository, &s.Severity, &n[0], &n[1], &n[2], &n[3], &n[4], &s.Hosts); err != nil {
			return err
		}
		if part == 0 {
			out.Groups, out.Counts, out.Hosts = int(s.ID), s.Counts, s.Hosts
			return nil
		}
		out.Rows = append(out.Rows, s)
		return nil
	})
	if err != nil {
		return harrier.Sums{}, fmt.Errorf("sum findings by %s: %w", q.By, err)
	}
	return out, nil
}

func sumOrder(q harrier.SumQuery) (string, error) {
	down := ""
	if q.Desc {
		down = " DESC"
	}
	first, ok := sumOrders[q.Sort]
	switch {
	case q.Sort == "score":
		w := q.Weights.Set()
		first = fmt.Sprintf("%d * s1 + %d * s2 + %d * s3 + %d * s4", w[0], w[1], w[2], w[3])
	case q.Sort == "name" && q.By == harrier.ByVulnerability:
		first = "coalesce((SELECT name FROM vulnerability v WHERE v.id = g.id), '')"
	case q.Sort == "family" && q.By == harrier.ByVulnerability:
		first = "coalesce((SELECT family FROM vulnerability v WHERE v.id = g.id), '')"
	case q.Sort == "name" && q.By == harrier.ByAsset:
		first = "coalesce((SELECT fqdn FROM asset a WHERE a.id = g.id), '')"
	case q.Sort == "address" && q.By == harrier.ByAsset:
		first = "(SELECT addr_key FROM asset a WHERE a.id = g.id)"
	case !ok:
		return "", harrier.Invalidf("sort", "%q can not be sorted by", q.Sort)
	}
	if first != "" {
		first += down + ", "
	}
	return first + "k" + down + ", id" + down + ", rep" + down + ", sev" + down, nil
}

func page(c *condition, q harrier.SumQuery) string {
	text := ""
	if q.Limit > 0 {
		text = " LIMIT " + c.parameter(int64(q.Limit))
	} else if q.Offset > 0 {
		text = " LIMIT 9223372036854775807"
	}
	if q.Offset > 0 {
		text += " OFFSET " + c.parameter(int64(q.Offset))
	}
	return text
}

// judged holds what SQL tells of a finding under the exceptions.
type judged struct {
	rules                      bool
	severity, accepted, recast string
}

// judging returns a condition whose fields severity, accepted and recast are
// those under the exceptions at time at. Without any in force it costs nothing.
func (db *DB) judging(ctx context.Context, at time.Time) (condition, judged, error) {
	c := condition{db: db, fields: findingFields}
	j := judged{severity: "severity", accepted: "0", recast: "0"}
	live := fmt.Sprintf("(x.state = '' AND (x.expires = 0 OR x.expires > %d))", micros(at))
	n := 0
	if _, err := db.one(ctx, "SELECT count(*) FROM exception x WHERE "+live, nil, &n); err != nil {
		return c, j, fmt.Errorf("read exceptions: %w", err)
	}
	own := map[string]field{
		"accepted": {choices: yesNo(never, always)},
		"recast":   {choices: yesNo(never, always)},
	}
	if n > 0 {
		find := "instr"
		if db.driver == postgresDialect {
			find = "strpos"
		}
		named := func(column string) string {
			return "(" + column + " <> '' AND " + find + "(',' || x.host || ',', ',' || " + column + " || ',') > 0)"
		}
		applies := "x.vuln = finding.vuln AND " + live + ` AND (x.repository = 0 OR x.repository = finding.repository)
			AND (x.protocol = '' OR x.protocol = finding.protocol) AND (x.port = '' OR x.port = CAST(finding.port AS TEXT))
			AND (x.host = '' OR EXISTS (SELECT 1 FROM asset a WHERE a.id = finding.asset AND (` +
			strings.Join([]string{named("a.addr"), named("a.fqdn"), named("a.netbios"), named("a.uuid")}, " OR ") + `))
			OR EXISTS (SELECT 1 FROM asset_name a WHERE a.asset = finding.asset AND ` + named("a.name") + "))"
		// The last rule that applies wins.
		last := func(column, kind, otherwise string) string {
			return "(CASE WHEN vuln IN (SELECT x.vuln FROM exception x WHERE " + kind + ") THEN coalesce((SELECT " + column +
				" FROM exception x WHERE " + kind + " AND " + applies + " ORDER BY x.id DESC LIMIT 1), " + otherwise + ") ELSE " + otherwise + " END)"
		}
		j = judged{
			rules:    true,
			severity: last("x.recast", "NOT x.hide", "severity"),
			accepted: last("CASE WHEN x.hide THEN x.id ELSE 0 END", always, "0"),
			recast:   last("x.id", "NOT x.hide", "0"),
		}
		own["severity"] = field{ordinal: j.severity, values: harrier.Severities, sort: j.severity}
		own["accepted"] = field{choices: yesNo(j.accepted+" > 0", j.accepted+" = 0")}
		own["recast"] = field{choices: yesNo(j.recast+" > 0", j.recast+" = 0")}
	}
	fields := make(map[string]field, len(findingFields)+len(own))
	for name, f := range findingFields {
		fields[name] = f
	}
	for name, f := range own {
		fields[name] = f
	}
	c.fields = fields
	return c, j, nil
}

// JudgedFindings is SearchFindings with each finding as it shows under the
// exceptions at time at.
func (db *DB) JudgedFindings(ctx context.Context, e harrier.Expr, p Page, at time.Time) ([]harrier.JudgedFinding, int, error) {
	c, j, err := db.judging(ctx, at)
	if err != nil {
		return nil, 0, err
	}
	if p.Sort == "" {
		p.Sort, p.Desc = "severity", !p.Desc
	}
	if e, err = db.prepare(ctx, e); err != nil {
		return nil, 0, err
	}
	where, err := c.where(e)
	if err != nil {
		return nil, 0, err
	}
	if err := p.check(c.fields); err != nil {
		return nil, 0, err
	}
	if out, total, ok, err := db.findingsFromView(ctx, e, p, &at); ok || err != nil {
		return out, total, err
	}
	total := -1
	if !p.NoTotal {
		if total, err = db.countJudged(ctx, e, j.rules, where, c.args); err != nil {
			return nil, 0, err
		}
	}
	tail, err := p.tail(&c, where, "finding", nil)
	if err != nil {
		return nil, 0, err
	}
	list, err := db.findings(ctx, "WHERE "+tail, c.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("search findings: %w", err)
	}
	out := make([]harrier.JudgedFinding, len(list))
	for i, f := range list {
		out[i].Finding = *f
	}
	if j.rules {
		err = db.judge(ctx, j, out)
	}
	return out, total, err
}

// countJudged counts from the kept counts where it can.
func (db *DB) countJudged(ctx context.Context, e harrier.Expr, rules bool, where string, args []any) (int, error) {
	kept := !rules
	for _, f := range fieldsOf(e) {
		_, plain := findingFields[f]
		kept = kept && (plain || f == "has")
	}
	if kept {
		counts, err := db.CountFindings(ctx, e)
		return counts.Total(), err
	}
	n := 0
	if _, err := db.one(ctx, "SELECT count(*) FROM finding WHERE "+where, args, &n); err != nil {
		return 0, fmt.Errorf("count findings: %w", err)
	}
	return n, nil
}

func (db *DB) judge(ctx context.Context, j judged, list []harrier.JudgedFinding) error {
	const part = 500
	for from := 0; from < len(list); from += part {
		chunk := list[from:min(from+part, len(list))]
		at := make(map[harrier.ID]*harrier.JudgedFinding, len(chunk))
		args := make([]any, len(chunk))
		for i := range chunk {
			at[chunk[i].ID], args[i] = &chunk[i], int64(chunk[i].ID)
		}
		err := db.rows(ctx, "SELECT id, "+j.severity+", "+j.accepted+", "+j.recast+" FROM finding WHERE id IN ("+placeholders(len(args))+")", args,
			func(scan func(...any) error) error {
				var id harrier.ID
				var f harrier.JudgedFinding
				if err := scan(&id, &f.Severity, &f.Accepted, &f.Recast); err != nil {
					return err
				}
				g := at[id]
				g.Severity, g.Accepted, g.Recast = f.Severity, f.Accepted, f.Recast
				return nil
			})
		if err != nil {
			return fmt.Errorf("judge findings: %w", err)
		}
	}
	return nil
}
