package console

import (
	"context"
	"os"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

// Explained is how a vulnerability stands on an asset, and why.
type Explained struct {
	Asset         harrier.ID         `json:"asset"`
	Address       string             `json:"address"`
	Vulnerability harrier.VulnID     `json:"vulnerability"`
	Decisions     []match.Decision   `json:"decisions"`
	Findings      []ExplainedFinding `json:"findings"` // that the console keeps of it
}

// ExplainedFinding is a finding as the console keeps it.
type ExplainedFinding struct {
	ID     harrier.ID `json:"id"`
	Place  string     `json:"place"`  // of its Instance
	Code   string     `json:"code"`   // "VE", "VV", "VP"; "NV" when it is closed
	Source string     `json:"source"` // whose word it was
}

// Explain decides anew about a vulnerability on an asset, by what the console
// knows of it. The subject is a CVE id, another name of a vulnerability, the
// number of a finding or that of a vulnerability; the host an address or a name
// of the asset, or "" with the number of a finding. It only reads, also while a
// console runs on the data folder. It answers NotFound for what there is none
// of, and Unavailable without a database.
func Explain(ctx context.Context, c Config, k match.Knowledge, subject, host string) (Explained, error) {
	if _, err := os.Stat(c.DSN); err != nil && !isPostgres(c.DSN) {
		return Explained{}, harrier.Errorf(harrier.Unavailable, "%s: there is no database", DatabaseName(c.DSN)).Because(err)
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
	h := harrier.Host{
		Name: a.FQDN, Addr: a.Addr, Alive: true, FQDN: a.FQDN, OS: a.OS, OSConfidence: a.OSConfidence, OSMethod: a.OSMethod,
		OSCPE: a.OSCPE, DeviceType: a.DeviceType, Ended: a.LastSeen,
	}
	if out.Decisions, err = match.Decide(k, match.Known{Host: h, Services: services}, id); err != nil {
		return Explained{}, err
	}
	findings, err := db.FindingsOf(ctx, a.ID)
	for _, f := range findings {
		if f.Vulnerability == id {
			out.Findings = append(out.Findings, ExplainedFinding{f.ID, f.Instance.String(), match.FindingStatus(f), f.Source})
		}
	}
	return out, err
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
