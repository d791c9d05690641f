package console

import (
	"context"
	"fmt"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// Explained is how a vulnerability stands on an asset, and why.
type Explained struct {
	Asset         harrier.ID         `json:"asset"`
	Address       string             `json:"address"`
	Vulnerability harrier.VulnID     `json:"vulnerability"`
	Name          string             `json:"name"`
	Severity      string             `json:"severity"`
	Decisions     []match.Decision   `json:"decisions"`
	Coverage      []string           `json:"coverage"` // what the last scan did about it
	Findings      []ExplainedFinding `json:"findings"` // that the console keeps of it
}

// ExplainedFinding is a finding as the console keeps it.
type ExplainedFinding struct {
	ID     harrier.ID   `json:"id"`
	Place  string       `json:"place"`  // of its Instance
	Code   string       `json:"code"`   // "VE", "VV", "VP"; "NV" when it is closed
	Source string       `json:"source"` // whose word it was
	Origin string       `json:"origin"` // "scan", or "knowledge" that came after it
	Open   bool         `json:"open"`
	Risk   harrier.Risk `json:"risk"`
}

// Explain decides anew about a vulnerability on an asset, by what the console
// knows of it. The subject is a CVE id, another name of a vulnerability, the
// number of a finding or that of a vulnerability; the host an address or a name
// of the asset, or "" with the number of a finding. It only reads, also while a
// console runs on the data folder. It answers NotFound for what there is none
// of, and Unavailable without a database.
func Explain(ctx context.Context, c Config, subject, host string) (Explained, error) {
	k := newKnowledge()
	if err := k.install(c.Data); err != nil {
		return Explained{}, err
	}
	defer k.Close() //nolint:errcheck // it was only read
	return explain(ctx, c, k, subject, host)
}

// explain is Explain by given content.
func explain(ctx context.Context, c Config, k match.Knowledge, subject, host string) (Explained, error) {
	if err := isThere(c); err != nil {
		return Explained{}, err
	}
	db, err := openStore(ctx, c.DSN)
	if err != nil {
		return Explained{}, err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	a, id, err := explained(ctx, db, k, subject, host)
	if err != nil {
		return Explained{}, err
	}
	services, err := db.ServicesOf(ctx, a.ID)
	if err != nil {
		return Explained{}, err
	}
	out := Explained{Asset: a.ID, Address: a.Addr.String(), Vulnerability: id}
	known := match.Known{Services: services, Host: harrier.Host{
		Name: a.FQDN, Addr: a.Addr, Alive: true, FQDN: a.FQDN, OS: a.OS, OSConfidence: a.OSConfidence, OSMethod: a.OSMethod,
		OSCPE: a.OSCPE, DeviceType: a.DeviceType, Ended: a.LastSeen,
	}}
	inv, found, err := db.Inventory(ctx, a.ID)
	if err != nil {
		return Explained{}, err
	}
	if found {
		known.Packages = &inv
	}
	v, found, err := k.Vulnerability(id)
	if err != nil {
		return Explained{}, err
	}
	if !found { // one of the program's own, or of content that has gone
		if v, err = db.Vulnerability(ctx, id); err != nil {
			return Explained{}, err
		}
	} else if out.Decisions, err = match.Decide(k, known, id); err != nil {
		return Explained{}, err
	}
	out.Name, out.Severity = v.Name, v.Severity.String()
	out.Coverage, err = covered(ctx, db, a, v)
	if err != nil {
		return Explained{}, err
	}
	findings, err := db.FindingsOf(ctx, a.ID)
	for _, f := range findings {
		if f.Vulnerability == id {
			out.Findings = append(out.Findings, ExplainedFinding{
				f.ID, f.Instance.String(), match.FindingStatus(f), f.Source, f.Origin.String(), f.Open(), harrier.RiskOf(v, f.Certainty, a.Importance),
			})
		}
	}
	return out, err
}

// covered says what the last scan of an asset did about a vulnerability that was
// not found: whether it was planned, and where it could not be told.
func covered(ctx context.Context, db *store.DB, a harrier.Asset, v harrier.Vulnerability) ([]string, error) {
	sc, err := db.Scan(ctx, a.LastScan)
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		return []string{"no scan of the asset is kept"}, nil //nolint:nilerr // that is the answer
	}
	if err != nil {
		return nil, err
	}
	check := v.ID
	if v.ID.OfContent() {
		check = vuln.CheckOf(v.Family)
	}
	planned := sc.Plan.Planned(func(harrier.VulnID) harrier.VulnID { return check })
	out := []string{fmt.Sprintf("the last scan, %d, planned it: %s", sc.ID, map[bool]string{true: "yes", false: "no"}[planned.Has(v.ID)])}
	refs, err := db.HostsOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		if r.Scan != sc.ID {
			continue
		}
		c, err := db.HostCoverage(ctx, r.Scan, r.Index)
		if err != nil || c == nil {
			return out, err
		}
		if !c.Complete {
			out = append(out, "its run did not go to the end: "+c.Reason)
		}
		for _, d := range c.Entries {
			if (d.Check == check || d.Check == v.ID) && d.Outcome != harrier.Vulnerable {
				out = append(out, fmt.Sprintf("%s at %s: %s", d.Outcome, d.Endpoint, d.Reason))
			}
		}
	}
	return out, nil
}

// explained finds out what a subject and a host mean.
func explained(ctx context.Context, db *store.DB, k match.Knowledge, subject, host string) (harrier.Asset, harrier.VulnID, error) {
	if n, err := strconv.ParseInt(subject, 10, 64); err == nil {
		list, _, err := db.SearchFindings(ctx, harrier.Cmp{Field: "id", Op: harrier.Eq, Values: []any{n}}, store.Page{Limit: 1})
		if err != nil {
			return harrier.Asset{}, 0, err
		}
		if len(list) == 1 {
			a, err := db.Asset(ctx, list[0].Asset)
			return a, list[0].Vulnerability, err
		}
	}
	if host == "" {
		return harrier.Asset{}, 0, harrier.Errorf(harrier.NotFound, "no finding %q; name the host of a vulnerability", subject)
	}
	a, err := assetCalled(ctx, db, host)
	if err != nil {
		return harrier.Asset{}, 0, err
	}
	if n, err := strconv.ParseInt(subject, 10, 32); err == nil {
		return a, harrier.VulnID(n), nil
	}
	id, ok, err := k.Number(subject)
	if err == nil && !ok {
		err = harrier.Errorf(harrier.NotFound, "no vulnerability is called %q", subject)
	}
	return a, id, err
}

// assetCalled returns the asset of an address or a name; of several the one that
// was seen last.
func assetCalled(ctx context.Context, db *store.DB, host string) (harrier.Asset, error) {
	e := harrier.Or{}
	for _, field := range []string{"address", "fqdn", "netbios", "host"} {
		e = append(e, harrier.Cmp{Field: field, Op: harrier.Eq, Values: []any{host}})
	}
	list, _, err := db.SearchAssets(ctx, e, store.Page{Sort: "last_seen", Desc: true, Limit: 1})
	if err != nil {
		return harrier.Asset{}, err
	}
	if len(list) == 0 {
		return harrier.Asset{}, harrier.Errorf(harrier.NotFound, "no asset is called %q", host)
	}
	return list[0], nil
}
