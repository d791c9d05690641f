package storetest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/search"
	"github.com/harrier-scan/harrier/internal/store"
)

// town is a database full of random assets, with an oracle for everything
// that the search language asks.
type town struct {
	r        *rand.Rand
	db       *store.DB
	assets   []harrier.Asset
	vulns    map[harrier.VulnID]harrier.Vulnerability
	findings []harrier.Finding
	services map[harrier.ID][]harrier.Service
	sites    map[harrier.ID][]string // of assets
	started  map[harrier.ID]int64    // of scans
	ids      map[harrier.ID][]harrier.Identifier
	software map[harrier.ID][][2]string
	coverage map[harrier.ID]*harrier.Coverage // of the last scan
	rules    []harrier.Exception
}

var (
	townWords   = []string{"web", "Web-1", "db", "100%", "a_b", "É", "é", "o'k", "日本", `c:\x`, "7-Zip", "linux"}
	townSystems = [][3]string{
		{"Debian GNU/Linux 12", "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", "general-purpose"},
		{"Microsoft Windows 11", "", ""},
		{"", "", ""},
		{"Cisco IOS 15.2", "cpe:2.3:o:cisco:ios:15.2:*:*:*:*:*:*:*", "router"},
	}
	townVectors = [][2]string{
		{"AV:N/AC:L/Au:N/C:N/I:N/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},
		{"AV:L/AC:H/Au:S/C:C/I:P/A:N", ""},
		{"", "CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:C/C:H/I:L/A:N"},
		{"", ""},
	}
)

func (w *town) word() string { return townWords[w.r.IntN(len(townWords))] }

func (w *town) day() time.Time {
	if w.r.IntN(4) == 0 {
		return time.Time{}
	}
	return time.Date(2026, 1, 1+w.r.IntN(4), w.r.IntN(2)*12, 0, 0, w.r.IntN(2)*123_456_000, time.UTC)
}

func newTown(t *testing.T, db *store.DB, seed uint64) *town {
	w := &town{
		r: rand.New(rand.NewPCG(seed, 10)), db: db, vulns: map[harrier.VulnID]harrier.Vulnerability{}, services: map[harrier.ID][]harrier.Service{},
		sites: map[harrier.ID][]string{}, started: map[harrier.ID]int64{}, ids: map[harrier.ID][]harrier.Identifier{}, software: map[harrier.ID][][2]string{},
		coverage: map[harrier.ID]*harrier.Coverage{},
	}
	ctx, r := t.Context(), w.r
	for i := range 12 {
		vectors := townVectors[r.IntN(len(townVectors))]
		v := harrier.Vulnerability{
			ID: harrier.VulnID(i + 1), Slug: fmt.Sprint("slug-", i), UUID: harrier.UUID{1, byte(i)}, Name: w.word(), Family: w.word(), Severity: harrier.Severity(r.IntN(5)),
			Description: w.word() + " " + w.word(), CVSS2Vector: vectors[0], CVSS3Vector: vectors[1], CVSS2Score: float64(r.IntN(20)) / 2,
			EPSS: float64(r.IntN(4)) / 4, Exploited: r.IntN(2) == 0, Ransomware: r.IntN(3) == 0, Published: w.day(), Added: w.day(), Modified: w.day(),
		}
		if vectors[1] != "" {
			v.CVSS3Score = float64(r.IntN(20)) / 2
		}
		for range r.IntN(3) {
			v.CVEs = append(v.CVEs, w.word())
			v.References = append(v.References, w.word())
			v.Solutions = append(v.Solutions, harrier.Solution{ID: w.word(), Summary: w.word(), Type: w.word()})
			v.Exploits = append(v.Exploits, harrier.Exploit{Source: "metasploit", ID: fmt.Sprint(r.IntN(3)), Title: w.word()})
		}
		w.vulns[v.ID] = v
		must(t, db.PutVulnerabilities(ctx, []harrier.Vulnerability{v}))
	}
	w.scans(t)
	for i := range 24 {
		w.asset(t, i)
	}
	return w
}

func (w *town) scans(t *testing.T) {
	ctx := t.Context()
	for i := range 3 {
		s := harrier.Site{Name: fmt.Sprint("Site ", i)}
		must(t, w.db.InsertSite(ctx, &s))
		sc := harrier.Scan{Site: s.ID, Name: "scan", Started: w.day()}
		sc.Plan.Checks = []harrier.VulnID{harrier.SignInCheck}
		must(t, w.db.InsertScan(ctx, &sc))
		w.started[sc.ID] = 0
		if !sc.Started.IsZero() {
			w.started[sc.ID] = sc.Started.UnixMicro()
		}
	}
}

func (w *town) asset(t *testing.T, i int) {
	ctx, r := t.Context(), w.r
	system := townSystems[r.IntN(len(townSystems))]
	a := harrier.Asset{
		Repository: 1, Addr: netip.AddrFrom4([4]byte{10, 0, byte(i / 10), byte(i)}), OS: system[0], OSCPE: system[1], DeviceType: system[2],
		FirstSeen: w.day(), LastSeen: w.day(), LastScan: harrier.ID(r.IntN(4)),
	}
	switch r.IntN(5) {
	case 0:
		a.Addr = netip.Addr{}
	case 1:
		a.Addr = netip.MustParseAddr(fmt.Sprint("2001:db8::", i))
	}
	if r.IntN(3) > 0 {
		a.FQDN, a.MAC = strings.ToLower(w.word()), fmt.Sprintf("02:00:5e:10:00:%02x", r.IntN(3))
	}
	for range r.IntN(3) {
		a.Names = append(a.Names, w.word())
	}
	must(t, w.db.InsertAsset(ctx, &a))
	if r.IntN(2) == 0 {
		a.Importance = []int{50, 75, 150, 200}[r.IntN(4)]
		must(t, w.db.SetImportance(ctx, a.ID, a.Importance))
	}
	for port := range r.IntN(4) {
		w.services[a.ID] = append(w.services[a.ID], harrier.Service{
			Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(80 + port)}, Name: w.word(), Product: w.word(),
			CPE: []string{"", "cpe:2.3:a:Web-1:x:1:*:*:*:*:*:*:*", "cpe:/a:linux:y", "cpe:2.3:a:*:z:*:*:*:*:*:*:*:*"}[r.IntN(4)],
		})
		if last := &w.services[a.ID][len(w.services[a.ID])-1]; r.IntN(2) == 0 {
			last.Name = "ssh"
		}
	}
	must(t, w.db.PutServices(ctx, a.ID, w.services[a.ID]))
	for id := range w.started {
		if r.IntN(3) == 0 {
			w.sites[a.ID] = append(w.sites[a.ID], fmt.Sprint("Site ", id-1))
			must(t, w.db.PutScanHosts(ctx, []*harrier.ScanHost{{Scan: id, Index: i + 1, Asset: a.ID, Host: harrier.Host{Name: fmt.Sprint("h", i)}}}))
			c := w.looked()
			must(t, w.db.PutHostCoverage(ctx, id, i+1, c))
			if id == a.LastScan {
				w.coverage[a.ID] = c
			}
		}
	}
	if r.IntN(2) == 0 {
		w.ids[a.ID] = []harrier.Identifier{{Kind: harrier.IDSerial, Value: w.word(), Source: "host"}}
		must(t, w.db.PutIdentifiers(ctx, a.ID, 1, w.ids[a.ID]))
		name, version := w.word(), fmt.Sprint(r.IntN(3))
		w.software[a.ID] = [][2]string{{name, version}}
		must(t, w.db.PutThings(ctx, a.ID, []harrier.Placed{{Key: "k", Subject: fmt.Sprintf(`{"name":%q,"version":%q}`, name, version)}}))
	}
	for n := range r.IntN(8) {
		f := &harrier.Finding{
			Asset: a.ID, Severity: harrier.Severity(r.IntN(5)), Evidence: w.word(), Certainty: harrier.Certainty(r.IntN(3)), Source: []string{"active", "nvd", ""}[r.IntN(3)],
		}
		f.Vulnerability, f.Port, f.Key = harrier.VulnID(1+r.IntN(14)), uint16(n), fmt.Sprint(n) // two of them without a definition
		f.Protocol = harrier.TCP
		for day := range 1 + r.IntN(3) {
			f.Fold(harrier.Present, time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC))
			if r.IntN(2) == 0 {
				f.Fold(harrier.Absent, time.Date(2026, 1, 1+day, 12, 0, 0, 0, time.UTC))
			}
		}
		must(t, w.db.SaveFindings(ctx, []*harrier.Finding{f}))
		w.findings = append(w.findings, *f)
		if f.Open() {
			a.Open[f.Severity]++
		}
	}
	w.assets = append(w.assets, a)
}

// looked is a coverage of a host by a scan that was to sign in.
func (w *town) looked() *harrier.Coverage {
	c := &harrier.Coverage{Alive: w.r.IntN(5) > 0, Complete: true, Enabled: harrier.NewIDs([]harrier.VulnID{harrier.SignInCheck})}
	switch w.r.IntN(4) {
	case 0:
		c.Add(harrier.Done{Check: harrier.SignInCheck, Outcome: harrier.Skipped, Reason: harrier.NoLoginsFor("SSH")})
	case 1:
		c.Add(harrier.Done{Check: harrier.SignInCheck, Outcome: harrier.Vulnerable})
	case 2:
		c.Add(harrier.Done{Check: harrier.SignInCheck, Outcome: harrier.Failed, Reason: "ssh: broken"})
	}
	return c
}

// except makes exceptions of all kinds: for all hosts and for some, for a port,
// over and not in force yet; one on the other.
func (w *town) except(t *testing.T) {
	r := w.r
	for i := range 24 {
		e := harrier.Exception{
			UUID: harrier.UUID{9, byte(i)}, Vulnerability: harrier.VulnID(1 + r.IntN(12)), Hide: r.IntN(2) == 0, Recast: harrier.Severity(r.IntN(5)), Created: time.Now(),
		}
		for _, a := range w.assets {
			if i%3 > 0 && r.IntN(3) == 0 && a.Addr.IsValid() {
				e.Host = strings.Trim(e.Host+","+a.Addr.String(), ",")
			}
		}
		switch r.IntN(6) {
		case 0:
			e.Port = fmt.Sprint(r.IntN(4))
		case 1:
			e.Expires = time.Now().Add(-time.Hour)
		case 2:
			e.Expires = time.Now().Add(time.Hour)
		case 3:
			e.State = harrier.UnderReview
		}
		must(t, w.db.InsertException(t.Context(), &e))
		w.rules = append(w.rules, e)
	}
}

// judged is how a finding shows: at which severity, and whether it is accepted.
func (w *town) judged(f harrier.Finding, a harrier.Asset) (s harrier.Severity, accepted bool) {
	s = f.Severity
	for _, e := range w.rules {
		if !e.Applies(f.Vulnerability, time.Now(), a.Addr.String()) || e.Port != "" && e.Port != fmt.Sprint(f.Port) {
			continue
		}
		if accepted = e.Hide; !accepted {
			s = e.Recast
		}
	}
	return s, accepted
}

// tally counts what speaks of the weaknesses that are open on an asset and not
// accepted.
func (w *town) tally(a harrier.Asset, of func(v harrier.Vulnerability) []string) []any {
	seen := map[string]bool{}
	for _, f := range w.findings {
		if s, accepted := w.judged(f, a); f.Asset == a.ID && f.Open() && !accepted && s > harrier.Info {
			for _, x := range of(w.vulns[f.Vulnerability]) {
				seen[x] = true
			}
		}
	}
	return []any{int64(len(seen))}
}

// shown is an asset with the counts of what shows.
func (w *town) shown(a harrier.Asset) harrier.Asset {
	a.Open = harrier.Counts{}
	for _, f := range w.findings {
		if f.Asset != a.ID || !f.Open() {
			continue
		}
		if s, accepted := w.judged(f, a); !accepted {
			a.Open[s]++
		}
	}
	return a
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// values tells the fields of an asset.
func (w *town) values(a harrier.Asset) func(string) []any {
	a = w.shown(a)
	return func(field string) (out []any) {
		parts := harrier.PartsOfOS(a.OS, a.OSCPE, a.DeviceType)
		if slices.Contains(harrier.OSFields, field) {
			return []any{parts.Value(field)}
		}
		switch field {
		case "id":
			return []any{int64(a.ID)}
		case "uuid":
			return []any{a.UUID.String()}
		case "address":
			if !a.Addr.IsValid() {
				return []any{""}
			}
			return []any{a.Addr.String()}
		case "host":
			return list(a.Names)
		case "fqdn", "netbios", "mac", "os", "device_type", "criticality":
			return []any{map[string]string{
				"fqdn": a.FQDN, "netbios": a.NetBIOS, "mac": a.MAC, "os": a.OS, "device_type": a.DeviceType, "criticality": a.Criticality(),
			}[field]}
		case "risk":
			return []any{a.RiskScore()}
		case "low", "medium", "high", "critical":
			s, _ := harrier.ParseSeverity(field)
			return []any{int64(a.Open[s])}
		case "total":
			return []any{int64(a.Open.Total() - a.Open[harrier.Info])}
		case "first_seen":
			return []any{stamp(a.FirstSeen)}
		case "last_seen":
			return []any{stamp(a.LastSeen)}
		case "scan_start":
			return []any{w.started[a.LastScan]}
		case "assessed":
			return []any{a.LastScan > 0}
		case "assessed_for_policies":
			return []any{false}
		case "malware_kits":
			return w.tally(a, func(v harrier.Vulnerability) (out []string) {
				for _, m := range v.Malware() {
					out = append(out, m.Name)
				}
				return out
			})
		case "site":
			return list(w.sites[a.ID])
		case "port", "protocol", "service", "product":
			for _, s := range w.services[a.ID] {
				out = append(out, map[string]any{"port": int64(s.Port), "protocol": string(s.Protocol), "service": s.Name, "product": s.Product}[field])
			}
		case "software_vendor":
			for _, s := range w.services[a.ID] {
				if v := harrier.VendorOf(s.CPE); v != "" {
					out = append(out, v)
				}
			}
		case "sign_in":
			var servers []harrier.Endpoint
			for _, s := range w.services[a.ID] {
				if s.Name == "ssh" {
					servers = append(servers, s.Endpoint)
				}
			}
			for _, s := range harrier.SignIns(w.coverage[a.ID], servers) {
				out = append(out, s.Result.String())
			}
		case "identifier", "identifier_source":
			for _, i := range w.ids[a.ID] {
				out = append(out, map[string]any{"identifier": i.Value, "identifier_source": string(i.Kind)}[field])
			}
		case "software_product", "software_version":
			for _, s := range w.software[a.ID] {
				out = append(out, map[string]any{"software_product": s[0], "software_version": s[1]}[field])
			}
		case "exploit_count":
			return w.tally(a, func(v harrier.Vulnerability) (out []string) {
				for _, x := range v.Exploits {
					out = append(out, x.ID)
				}
				return out
			})
		}
		return out
	}
}

// of tells the fields of a finding.
func (w *town) of(f harrier.Finding) func(string) []any {
	v, known := w.vulns[f.Vulnerability]
	last := f.Intervals[len(f.Intervals)-1]
	return func(field string) []any {
		switch field {
		case "vulnerability":
			return []any{int64(f.Vulnerability)}
		case "severity":
			return []any{int64(f.Severity)}
		case "certainty":
			return []any{int64(f.Certainty)}
		case "source", "evidence", "key", "protocol":
			return []any{map[string]string{"source": f.Source, "evidence": f.Evidence, "key": f.Key, "protocol": string(f.Protocol)}[field]}
		case "port":
			return []any{int64(f.Port)}
		case "first_seen":
			return []any{stamp(f.FirstSeen())}
		case "last_seen":
			return []any{stamp(f.LastSeen())}
		case "reintroduced":
			if len(f.Intervals) == 1 {
				return []any{int64(0)}
			}
			return []any{stamp(last.Opened)}
		}
		if !known {
			return nil
		}
		return v.Values(field)
	}
}

// showing is of for a finding as the exceptions show it.
func (w *town) showing(f harrier.Finding) func(string) []any {
	severity, accepted := w.judged(f, *w.byID(f.Asset))
	as := w.of(f)
	return func(field string) []any {
		switch field {
		case "severity":
			return []any{int64(severity)}
		case "accepted":
			return []any{accepted}
		}
		return as(field)
	}
}

func (w *town) holds(e harrier.Expr, a harrier.Asset) bool {
	return harrier.MatchesHaving(e, w.values(a), func(of harrier.Expr) bool {
		return slices.ContainsFunc(w.findings, func(f harrier.Finding) bool {
			return f.Asset == a.ID && f.Open() && harrier.Matches(of, w.of(f))
		})
	})
}

// literal is a value for a field of a kind, in the language.
func (w *town) literal(kind string) string {
	r := w.r
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'" }
	switch kind {
	case "number":
		return []string{"0", "1", "2", "5", "7.5", "80", "81", "110", "1000", "-1", "3.9"}[r.IntN(11)]
	case "date":
		return []string{"2026-01-02", "2026-01-03T12:00:00Z", "'2026-01-02T12:00:00.123Z'", "2026-01-01T12:00:00.123456Z", "2026-01-02T01:00:00+01:00[Europe/Paris]", "2026-01-03"}[r.IntN(6)]
	case "yes or no":
		return []string{"true", "False"}[r.IntN(2)]
	case "address":
		return []string{"10.0.0.3", "10.0.1.0/24", "10.0.0.2-10.0.1.14", "2001:db8::/64", "2001:db8::7", "10.0.2.21"}[r.IntN(6)]
	case "severity":
		return []string{"none", "informational", "low", "moderate", "severe", "'Critical'", "medium"}[r.IntN(7)]
	}
	s := w.word()
	switch r.IntN(8) {
	case 0:
		s = strings.ToUpper(s)
	case 1:
		return quote(fmt.Sprint("slug-", r.IntN(12)))
	case 2:
		return quote([]string{"LOGIN_FAILED", "NO_CREDS_SUPPLIED", "login_successful", "web-1", "network", "pass", "partial", "Linux", "Debian", "Site 1", "High", "active", "VULNERABLE_VERS", "EXCEPTION_VULN_EXPL", "exception_vuln_potl", "12", "serial", "tcp", "0", "1"}[r.IntN(20)])
	case 3:
		return quote([]string{"", "e", "1"}[r.IntN(3)])
	}
	return quote(s)
}

// comparison is a random one.
func (w *town) comparison(fields []search.Described, scope string) string {
	r := w.r
	f := fields[r.IntN(len(fields))]
	name := scope + f.Name
	value := func() string { return w.literal(f.Kind) }
	if r.IntN(10) == 0 {
		return name + []string{" IS NULL", " is not null", " IS EMPTY"}[r.IntN(3)]
	}
	if r.IntN(4) == 0 || f.Kind == "yes or no" {
		values := make([]string, []int{0, 1, 2, 3, 30}[r.IntN(5)]) // many are one parameter
		for i := range values {
			values[i] = value()
		}
		return name + []string{" IN [", " NOT IN ["}[r.IntN(2)] + strings.Join(values, ",") + "]"
	}
	ops := []string{" = ", " == ", " != ", " <> "}
	switch f.Kind {
	case "number", "date", "severity":
		if r.IntN(5) == 0 {
			return name + []string{" BETWEEN ", " NOT BETWEEN "}[r.IntN(2)] + value() + " AND " + value()
		}
		ops = append(ops, " > ", " >= ", " < ", " <= ")
	case "text":
		ops = append(ops, " CONTAINS ", " DOES NOT CONTAIN ", " STARTS WITH ", " NOT ENDS WITH ", " ENDS WITH ", " LIKE ", " NOT LIKE ")
	}
	op := ops[r.IntN(len(ops))]
	if strings.Contains(op, "LIKE") {
		return name + op + []string{"'^w'", "'.'", "'[0-9]$'", "'é'", "'x|b'"}[r.IntN(5)]
	}
	return name + op + value()
}

// expression is a random one, about assets or about findings.
func (w *town) expression(depth int, assets bool) string {
	r := w.r
	if depth == 0 || r.IntN(3) == 0 {
		switch n := r.IntN(20); {
		case n == 0 && assets:
			return []string{"~> ", "asset ~> ", "vulnerability ~> "}[r.IntN(3)] + w.literal("text")
		case n == 0:
			return "~> " + w.literal("text")
		}
		vulns := append(search.VulnerabilityFields(), search.FindingFields()...)
		if assets && r.IntN(2) == 0 {
			fields := slices.DeleteFunc(search.AssetFields(), func(d search.Described) bool {
				return slices.Contains([]string{"tags", "groups", "tags.custom", "tags.owner", "tags.location"}, d.Name) // the room knows
			})
			return w.comparison(fields, "asset.")
		}
		return w.comparison(vulns, "vulnerability.")
	}
	switch r.IntN(5) {
	case 0:
		return []string{"!", "not "}[r.IntN(2)] + "(" + w.expression(depth-1, assets) + ")"
	case 1, 2:
		return "(" + w.expression(depth-1, assets) + []string{" && ", " AND\n"}[r.IntN(2)] + w.expression(depth-1, assets) + ")"
	}
	return "(" + w.expression(depth-1, assets) + []string{" || ", " or "}[r.IntN(2)] + w.expression(depth-1, assets) + ")"
}

// languageMatches reads random expressions, and holds what a database answers
// to what the words say.
func languageMatches(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newTown(t, db, 5)
	w.except(t)
	altered := 0
	for _, a := range w.assets {
		if a.Open != w.shown(a).Open {
			altered++
		}
	}
	if altered < 5 || altered > len(w.assets)-2 {
		t.Fatalf("exceptions alter what %d of %d assets count", altered, len(w.assets))
	}
	expressions, hits, tried := 1000, 0, 0
	if raced { // make test asks all of them once more, without the race detector
		expressions = 200
	}
	for range expressions * 6 / 10 {
		text := w.expression(2, true)
		e, err := search.Assets(text, search.Options{})
		if err != nil {
			continue
		}
		tried++
		var want []harrier.ID
		for _, a := range w.assets {
			if w.holds(e, a) {
				want = append(want, a.ID)
			}
		}
		found, err := db.WalkAssets(ctx, e, harrier.Walk{Limit: 1000})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var have []harrier.ID
		for _, a := range found.Rows {
			have = append(have, a.ID)
			if counts := w.shown(*w.byID(a.ID)).Open; a.Open != counts {
				t.Fatalf("asset %d counts %v; want %v", a.ID, a.Open, counts)
			}
		}
		if !slices.Equal(want, have) || found.Total != len(want) {
			t.Fatalf("assets with %s\n%#v\n= %v, %d; want %v", text, e, have, found.Total, want)
		}
		if len(want) > 0 && len(want) < len(w.assets) {
			hits++
		}
	}
	for range expressions * 4 / 10 {
		text := w.expression(2, false)
		e, err := search.Findings(text, search.Options{})
		if err != nil {
			continue
		}
		tried++
		var want, have []harrier.ID
		for _, f := range w.findings {
			if harrier.Matches(e, w.showing(f)) {
				want = append(want, f.ID)
			}
		}
		list, _, err := db.JudgedFindings(ctx, e, store.Page{Sort: "id"}, time.Now())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, f := range list {
			have = append(have, f.ID)
		}
		if !slices.Equal(want, have) {
			t.Fatalf("findings with %s\n%#v\n= %v; want %v", text, e, have, want)
		}
		if len(want) > 0 && len(want) < len(w.findings) {
			hits++
		}
	}
	if tried < expressions*8/10 || hits < expressions*3/10 { // else the expressions tell nothing
		t.Errorf("%d of %d expressions were read, %d held for some and not for others", tried, expressions, hits)
	}
}

// walks goes through all assets in every order, and compares pages with the
// whole.
func walks(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newTown(t, db, 6)
	w.except(t)
	fields := map[string]bool{}
	for _, f := range search.AssetFields() {
		if field, ok := search.AssetSort(f.Name); ok {
			fields[field] = true
		}
	}
	if len(fields) < 20 {
		t.Fatalf("assets can be sorted by %d fields only", len(fields))
	}
	for field := range fields {
		for _, sort := range [][]harrier.Order{{{Field: field}}, {{Field: field, Desc: true}}, {{Field: "critical", Desc: true}, {Field: field}}} {
			whole, err := db.WalkAssets(ctx, nil, harrier.Walk{Sort: sort, Limit: 1000})
			if err != nil {
				t.Fatalf("by %v: %v", sort, err)
			}
			if len(whole.Rows) != len(w.assets) || !slices.IsSortedFunc(whole.Positions, func(a, b []any) int { return harrier.ComparePositions(sort, a, b) }) {
				t.Fatalf("by %v: %d assets at %v", sort, len(whole.Rows), whole.Positions)
			}
			for i, a := range whole.Rows {
				want := w.values(*w.byID(a.ID))(field)
				have := whole.Positions[i][len(sort)-1]
				if len(want) == 1 && (want[0] == true || want[0] == false) { // which sort as numbers
					want[0] = map[any]int64{true: 1}[want[0]]
				}
				if field != "address" && field != "importance" && field != "last_scan" && (len(want) != 1 || want[0] != have) {
					t.Fatalf("by %s: asset %d is at %v; want %v", field, a.ID, have, want)
				}
			}
			var walked []harrier.ID
			next := harrier.Walk{Sort: sort, Limit: 5}
			for {
				part, err := db.WalkAssets(ctx, nil, next)
				if err != nil {
					t.Fatalf("by %v after %v: %v", sort, next.After, err)
				}
				if len(part.Rows) == 0 {
					break
				}
				for _, a := range part.Rows {
					walked = append(walked, a.ID)
				}
				next.After = part.Last()
			}
			for i, a := range whole.Rows {
				if i >= len(walked) || walked[i] != a.ID {
					t.Fatalf("by %v: walked %v", sort, walked)
				}
			}
		}
	}
	for _, bad := range []harrier.Walk{
		{Sort: []harrier.Order{{Field: "colour"}}}, {Sort: []harrier.Order{{Field: "fqdn"}}, After: []any{int64(1), int64(1)}}, {After: []any{}}, {Limit: -1},
	} {
		if _, err := db.WalkAssets(ctx, nil, bad); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%+v: %v; want Invalid", bad, err)
		}
	}
}

func (w *town) byID(id harrier.ID) *harrier.Asset {
	i := slices.IndexFunc(w.assets, func(a harrier.Asset) bool { return a.ID == id })
	return &w.assets[i]
}

// changesBetween compares what changed between two instants with what the lives
// of the findings say.
func changesBetween(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newTown(t, db, 7)
	w.except(t)
	var ids []harrier.ID
	for _, a := range w.assets {
		ids = append(ids, a.ID)
	}
	seen := [3]int{}
	for range 150 {
		some := slices.Clone(ids)
		w.r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		some = some[:1+w.r.IntN(len(some))]
		instant := func() time.Time {
			return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(w.r.IntN(40)-2) * 3 * time.Hour)
		}
		from, to := instant(), instant()
		same := w.r.IntN(2) == 0
		var e harrier.Expr
		if w.r.IntN(2) == 0 {
			var err error
			if e, err = search.Findings(w.expression(1, false), search.Options{}); err != nil {
				continue
			}
		}
		have, err := db.ChangesOf(ctx, some, e, from, to, same, time.Now())
		must(t, err)
		for i, id := range some {
			var want harrier.Delta
			for _, f := range w.findings {
				if f.Asset == id && harrier.Matches(e, w.showing(f)) && (same || f.OpenAt(from) != f.OpenAt(to)) {
					want.Add(&f, from, to)
				}
			}
			for n, pair := range []struct {
				have []harrier.JudgedFinding
				want []harrier.ID
			}{{have[i].New, want.New}, {have[i].Remediated, want.Remediated}, {have[i].Same, want.Same}} {
				var got []harrier.ID
				for _, f := range pair.have {
					got = append(got, f.ID)
				}
				if !slices.Equal(got, pair.want) {
					t.Fatalf("asset %d from %v to %v, same %v, %#v: list %d is %v; want %v", id, from, to, same, e, n, got, pair.want)
				}
				seen[n] += len(got)
			}
		}
	}
	if seen[0] < 50 || seen[1] < 50 || seen[2] < 50 {
		t.Errorf("%v findings were new, remediated and the same; too few to tell", seen)
	}
}
