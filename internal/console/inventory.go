package console

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// Taken is what a list of packages changed on an asset.
type Taken struct {
	Asset          harrier.Asset
	Opened, Closed []TakenFinding // by severity, the gravest first, then by name
	Open           int            // findings of the asset that are open now, others than of packages too
}

// TakenFinding is a finding that was opened or closed.
type TakenFinding struct {
	Finding  harrier.Finding
	Name     string // "CVE-2024-6387", or the title of what has no CVE id
	Severity harrier.Severity
}

// TakeInventory stores a list of packages with an asset of a console that is not
// running, in the place of an earlier one, and compares it with the content in
// force in its data folder. It answers Unavailable while a console runs there,
// NotFound for an unknown asset, and Invalid for a list whose distribution is not
// known.
func TakeInventory(ctx context.Context, c Config, id harrier.ID, inv harrier.Inventory) (out Taken, err error) {
	err = foldsAtRest(ctx, c, func(db *store.DB, folds *finding.Room) error {
		if out.Asset, err = db.Asset(ctx, id); err != nil {
			return err
		}
		before, err := openFindings(ctx, db, id)
		if err != nil {
			return err
		}
		if _, _, err := folds.TakeInventory(ctx, operator, id, inv); err != nil {
			return err
		}
		after, err := openFindings(ctx, db, id)
		if err != nil {
			return err
		}
		if out.Opened, err = without(ctx, db, after, before); err != nil {
			return err
		}
		out.Closed, err = without(ctx, db, before, after)
		out.Open = len(after)
		return err
	})
	return out, err
}

func openFindings(ctx context.Context, db *store.DB, asset harrier.ID) (map[harrier.ID]harrier.Finding, error) {
	list, err := db.FindingsOf(ctx, asset)
	out := map[harrier.ID]harrier.Finding{}
	for _, f := range list {
		if f.Open() {
			out[f.ID] = *f
		}
	}
	return out, err
}

// without are the findings of one set that are not in the other, with their
// names.
func without(ctx context.Context, db *store.DB, these, those map[harrier.ID]harrier.Finding) ([]TakenFinding, error) {
	var out []TakenFinding
	for id, f := range these {
		if _, both := those[id]; both {
			continue
		}
		v, err := db.Vulnerability(ctx, f.Vulnerability)
		if err != nil {
			return nil, err
		}
		t := TakenFinding{Finding: f, Name: v.Name, Severity: v.Severity}
		if len(v.CVEs) > 0 {
			t.Name = v.CVEs[0]
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b TakenFinding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Finding.ID, b.Finding.ID))
	})
	return out, nil
}

// foldsAtRest opens the room of findings of a console that is not running, with
// the content of its data folder.
func foldsAtRest(ctx context.Context, c Config, use func(db *store.DB, folds *finding.Room) error) error {
	return atRest(ctx, c, func(db *store.DB) error {
		vulns, k := vuln.New(db), newKnowledge()
		if err := k.install(c.Data); err != nil {
			return err
		}
		defer func() { _ = k.Close() }() // it was only read
		vulns.Know(k)
		if err := vulns.Load(ctx, nil, nil); err != nil {
			return err
		}
		return use(db, finding.New(finding.Config{
			Store: db, Catalog: vulns, Family: vulns.Check, Judge: newJudge(k), Log: slog.New(slog.DiscardHandler),
		}))
	})
}
