package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// changes are what a transaction changed of what is copied into memory.
type changes struct {
	findings   []columns.Finding
	removed    []harrier.ID
	nouns      []func(*columns.View) error // in their order
	exceptions []harrier.Exception
	rules      bool // exceptions are others now
	vulns      bool // definitions are
	lost       bool // there were too many to keep: the copy has to be made anew
}

// size is how much memory the changes take, in findings.
func (c *changes) size() int { return len(c.findings) + len(c.removed) + len(c.nouns) }

// apply makes the changes in the copy.
func (c changes) apply(v *columns.View) error {
	for _, change := range c.nouns {
		if err := change(v); err != nil {
			return err
		}
	}
	for _, id := range c.removed {
		v.RemoveFinding(id)
	}
	for i := range c.findings {
		if c.findings[i].ID == 0 { // removed again
			continue
		}
		if err := v.PutFinding(&c.findings[i]); err != nil {
			return err
		}
	}
	if c.rules {
		v.SetExceptions(c.exceptions)
	}
	return nil
}

// touched is what a transaction notes of its changes as it goes.
type touched struct {
	any  bool               // the number of the last change is to be raised
	keep bool               // the changes are to be kept
	at   map[harrier.ID]int // where in findings
	changes
}

// touch notes that the transaction of ctx changes what is copied, and calls
// note if it is to be kept how.
func (db *DB) touch(ctx context.Context, note func(t *touched)) {
	t := &db.tx(ctx).touched
	if db.view == nil {
		return
	}
	t.any = true
	if !t.keep {
		return
	}
	if note(t); t.size() > db.view.most { // reading all again is cheaper in memory
		t.keep, t.at, t.changes = false, nil, changes{lost: true, rules: t.rules, vulns: t.vulns}
	}
}

// touchFindings notes findings that were stored.
func (db *DB) touchFindings(ctx context.Context, list []*harrier.Finding) {
	db.touch(ctx, func(t *touched) {
		if t.at == nil {
			t.at = make(map[harrier.ID]int, len(list))
		}
		for _, f := range list {
			i, there := t.at[f.ID]
			if !there {
				i = len(t.findings)
				t.at[f.ID], t.findings = i, append(t.findings, columns.Finding{})
			}
			t.findings[i] = columnsOf(f)
		}
	})
}

// touchNoFindings notes findings that were removed.
func (db *DB) touchNoFindings(ctx context.Context, ids []harrier.ID) {
	db.touch(ctx, func(t *touched) {
		for _, id := range ids {
			if i, there := t.at[id]; there {
				t.findings[i] = columns.Finding{}
				delete(t.at, id)
			}
		}
		t.removed = append(t.removed, ids...)
	})
}

func (db *DB) touchAsset(ctx context.Context, a *harrier.Asset) {
	db.touch(ctx, func(t *touched) {
		n := *a
		n.Names = make([]string, len(a.Names))
		for i, name := range a.Names {
			n.Names[i] = clean(name)
		}
		for _, s := range []*string{&n.MAC, &n.FQDN, &n.NetBIOS, &n.OS, &n.DeviceType} {
			*s = clean(*s)
		}
		t.nouns = append(t.nouns, func(v *columns.View) error { return v.PutAsset(&n) })
	})
}

func (db *DB) touchNoAsset(ctx context.Context, id harrier.ID) {
	db.touch(ctx, func(t *touched) {
		t.nouns = append(t.nouns, func(v *columns.View) error {
			v.RemoveAsset(id)
			return nil
		})
	})
}

func (db *DB) touchServices(ctx context.Context, asset harrier.ID, list []harrier.Service) {
	db.touch(ctx, func(t *touched) {
		services := make([]columns.Service, len(list))
		for i, s := range list {
			services[i] = columns.Service{
				Endpoint: harrier.Endpoint{Protocol: harrier.Protocol(clean(string(s.Protocol))), Port: s.Port},
				Name:     clean(s.Name), Product: clean(s.Product), Version: clean(s.Version), CPE: clean(s.CPE),
			}
		}
		t.nouns = append(t.nouns, func(v *columns.View) error {
			for _, s := range services {
				v.PutService(asset, s)
			}
			return nil
		})
	})
}

func (db *DB) touchNoServices(ctx context.Context, asset harrier.ID, at []harrier.Endpoint) {
	db.touch(ctx, func(t *touched) {
		t.nouns = append(t.nouns, func(v *columns.View) error {
			for _, e := range at {
				v.RemoveService(asset, harrier.Endpoint{Protocol: harrier.Protocol(clean(string(e.Protocol))), Port: e.Port})
			}
			return nil
		})
	})
}

func (db *DB) touchVulnerability(ctx context.Context, d *harrier.Vulnerability) {
	db.touch(ctx, func(t *touched) {
		n := harrier.Vulnerability{
			ID: d.ID, Name: clean(d.Name), Family: clean(d.Family), Slug: clean(d.Slug), CVSS2Score: d.CVSS2Score, CVSS3Score: d.CVSS3Score,
			EPSS: d.EPSS, Exploited: d.Exploited, Exploit: d.Exploit, Published: d.Published,
		}
		for _, c := range d.CVEs {
			n.CVEs = append(n.CVEs, clean(c))
		}
		t.vulns = true
		t.nouns = append(t.nouns, func(v *columns.View) error {
			v.PutVulnerability(&n)
			return nil
		})
	})
}

func (db *DB) touchExceptions(ctx context.Context) {
	db.touch(ctx, func(t *touched) { t.rules = true })
}

// announce raises the number of the last change, when there is one, and leaves
// the changes to the copy, just before the commit.
func (db *DB) announce(ctx context.Context) error {
	t := db.tx(ctx)
	if !t.touched.any {
		return nil
	}
	if t.touched.rules && t.touched.keep {
		var err error
		if t.touched.exceptions, err = db.Exceptions(ctx); err != nil {
			return err
		}
	}
	version, err := db.raise(ctx)
	if err != nil {
		return fmt.Errorf("note the change: %w", err)
	}
	if !t.touched.keep && !t.touched.lost {
		return nil
	}
	t.announced = db.view.expect(version, t.touched.changes)
	return nil
}

// columnsOf is f as it stands in the database.
func columnsOf(f *harrier.Finding) columns.Finding {
	out := columns.Finding{
		ID: f.ID, Asset: f.Asset, Scan: f.LastScan, Vulnerability: f.Vulnerability, Severity: f.Severity, Certainty: f.Certainty, Origin: f.Origin,
		Endpoint: harrier.Endpoint{Protocol: harrier.Protocol(clean(string(f.Protocol))), Port: f.Port},
		Service:  clean(f.Service), Source: clean(f.Source),
	}
	for i, interval := range f.Intervals {
		s := columns.Span{Opened: micros(interval.Opened), Seen: micros(interval.LastSeen), Closed: micros(interval.Closed)}
		if i == len(f.Intervals)-1 {
			out.Span = s
		} else {
			out.Older = append(out.Older, s)
		}
	}
	return out
}
