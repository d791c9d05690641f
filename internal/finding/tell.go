package finding

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/harrier-scan/harrier"
)

// How many findings are looked at in a transaction, while which nothing is
// folded: pace for news.
const (
	fewestNews = 64
	mostNews   = 8192
)

// tell folds what is new into the findings of assets, in one transaction, and
// returns of how many subjects all assets have heard. Each verdict is stored with
// the findings that it speaks of: a process may end whenever it likes.
func (m *rematch) tell(ctx context.Context, list []*news) (done int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var t *telling
	var began time.Time
	err = m.Store.InTx(ctx, func(ctx context.Context) error {
		t, began, done = m.newTelling(), time.Now(), 0
		for _, n := range list {
			whole, err := t.subject(ctx, n)
			if err != nil {
				return err
			}
			if !whole {
				break
			}
			done++
		}
		return t.flush(ctx)
	})
	if err != nil {
		m.cache.clear()
		return 0, err
	}
	if t.cached {
		m.cache.clear()
	}
	switch took := time.Since(began); {
	case took > patience:
		m.atOnce = max(m.atOnce/2, fewestNews)
	case took < patience/2 && t.left <= 0:
		m.atOnce = min(m.atOnce*2, mostNews)
	}
	if done < len(list) {
		list[done].heard = t.heard
	}
	maps.Copy(m.met, t.met)
	m.sum.Assets, m.sum.Opened, m.sum.Closed = len(m.met), m.sum.Opened+t.opened, m.sum.Closed+t.closed
	return done, nil
}

// telling is one transaction.
type telling struct {
	*folding
	now            time.Time
	left           int // findings to look at yet
	opened, closed int
	met            map[harrier.ID]bool
	changed        []*harrier.Finding
	verdicts       []harrier.Subject
	heard          harrier.ID // of the subject that is not done
	cached         bool       // an asset in the cache is another one now
}

func (m *rematch) newTelling() *telling {
	f := newFolding(m.Room)
	if len(m.plans) > 64 { // they are long
		clear(m.plans)
	}
	f.plans = m.plans
	return &telling{folding: f, now: m.Now().UTC().Truncate(microsecond), left: m.atOnce, met: map[harrier.ID]bool{}}
}

// subject tells assets what is new about a subject, and reports whether all have
// heard.
func (t *telling) subject(ctx context.Context, n *news) (whole bool, err error) {
	s, heard, vulns := n.Subject, n.heard, n.vulns()
	text := func(id harrier.VulnID) (string, error) { return t.Judge.Evidence(s.Text, id, t.now) }
	said := map[harrier.VulnID]string{}
	for whole = n.silent(); !whole && t.left > 0; {
		spots, err := t.Store.Spots(ctx, s.ID, heard, max(t.left/len(vulns), 1))
		if err != nil {
			return false, err
		}
		if len(spots) == 0 {
			whole = true
			break
		}
		first := spots[0].Asset
		heard = spots[len(spots)-1].Asset
		t.left -= len(spots) * len(vulns)
		have, err := t.findings(ctx, s.ID, first, heard, vulns)
		if err != nil {
			return false, err
		}
		for i := range spots {
			err := safely(func() error { return t.spot(ctx, n, &spots[i], have, said, text) })
			if errors.As(err, new(fault)) {
				t.Log.ErrorContext(ctx, "software not compared", "asset", spots[i].Asset, "err", err)
				continue
			}
			if err != nil {
				return false, fmt.Errorf("asset %d: %w", spots[i].Asset, err)
			}
		}
	}
	t.heard, s.Verdict = heard, n.halfway
	if whole {
		s.Verdict = n.after
	}
	t.verdicts = append(t.verdicts, s)
	return whole, nil
}

// at is a finding of an asset.
type at struct {
	asset harrier.ID
	harrier.Instance
}

func (t *telling) findings(ctx context.Context, subject, first, last harrier.ID, vulns []harrier.VulnID) (map[at]*harrier.Finding, error) {
	list, err := t.Store.FindingsAt(ctx, subject, first, last, vulns)
	have := make(map[at]*harrier.Finding, len(list))
	for _, fi := range list {
		have[at{fi.Asset, fi.Instance}] = fi
	}
	return have, err
}

// spot folds what is new into the findings at one spot.
func (t *telling) spot(ctx context.Context, n *news, p *harrier.Spot, have map[at]*harrier.Finding, said map[harrier.VulnID]string, text func(harrier.VulnID) (string, error)) error {
	plan, err := t.lastPlan(ctx, p.LastScan)
	if err != nil {
		return err
	}
	t.met[p.Asset] = true
	for _, id := range n.closes {
		fi := have[at{p.Asset, harrier.Instance{Vulnerability: id, Endpoint: p.Endpoint, Key: p.Key}}]
		if fi == nil || fi.Fold(harrier.Absent, t.now) != harrier.Closed {
			continue
		}
		fi.Origin = harrier.FromKnowledge
		t.put(fi)
		t.closed++
	}
	for _, h := range n.opens {
		if !plan.planned.Has(h.Vulnerability) || plan.set.NoPotential && h.Certainty < harrier.Certain {
			continue
		}
		i := harrier.Instance{Vulnerability: h.Vulnerability, Endpoint: p.Endpoint, Key: p.Key}
		fi := have[at{p.Asset, i}]
		if fi == nil {
			fi = &harrier.Finding{Asset: p.Asset, Instance: i}
		}
		if fi.Open() && fi.Certainty == h.Certainty && fi.Source == h.Source && fi.Severity == t.severity(ctx, h.Vulnerability, nil) {
			continue
		}
		words, told := said[h.Vulnerability]
		if !told {
			if words, err = text(h.Vulnerability); err != nil {
				return err
			}
			said[h.Vulnerability] = words
		}
		o := tidy(harrier.Observation{
			Vulnerability: h.Vulnerability, Endpoint: p.Endpoint, Key: p.Key, Service: p.Service.Name,
			Evidence: t.Judge.Shown(n.Text, *p) + words, Certainty: h.Certainty, Source: h.Source,
		})
		switch t.known(ctx, fi, o, t.now, harrier.FromKnowledge, p.LastScan) {
		case harrier.Opened:
			t.opened++
			t.put(fi)
		case harrier.Seen:
			t.put(fi)
		default:
		}
	}
	return nil
}

func (t *telling) put(fi *harrier.Finding) {
	t.changed = append(t.changed, fi)
	t.cached = t.cached || t.cache.assets[fi.Asset] != nil
}

// flush writes what changed.
func (t *telling) flush(ctx context.Context) error {
	if err := t.remember(ctx); err != nil {
		return err
	}
	if len(t.changed) > 0 {
		if err := t.Store.SaveFindings(ctx, t.changed); err != nil {
			return err
		}
	}
	return t.Store.PutVerdicts(ctx, t.verdicts)
}

// known folds what knowledge says into the finding that it is about: Opened when
// that opens it, for the first time or again, and Seen when it was open and is
// described in another way now.
func (f *folding) known(ctx context.Context, fi *harrier.Finding, o harrier.Observation, now time.Time, origin harrier.Origin, scan harrier.ID) harrier.Change {
	severity := f.severity(ctx, o.Vulnerability, nil)
	if fi.Open() {
		if fi.Certainty == o.Certainty && fi.Source == o.Source && fi.Severity == severity {
			return harrier.Unchanged
		}
		fi.Certainty, fi.Source, fi.Severity, fi.Evidence = o.Certainty, o.Source, severity, o.Evidence
		return harrier.Seen
	}
	switch fi.Fold(harrier.Present, now) {
	case harrier.Opened, harrier.Reopened:
	default:
		return harrier.Unchanged
	}
	f.content[o.Vulnerability] = true
	fi.Service, fi.Evidence, fi.Certainty, fi.Source, fi.Severity = o.Service, o.Evidence, o.Certainty, o.Source, severity
	fi.Origin, fi.LastScan = origin, scan
	return harrier.Opened
}
