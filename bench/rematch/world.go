package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/version"
)

// world is a made-up estate, and what is known of what it runs.
type world struct {
	r        *rand.Rand
	kinds    []harrier.Service // the most popular first
	products int
	judge    *match.Judge
	dir      string
	path     string // of the content in force
	base     atomic.Pointer[content.Base]
	learnt   int // records
	found    int // findings that were stored beforehand
}

const check = harrier.VulnID(980_001) // stands for all that content knows

func (*world) family(harrier.VulnID) harrier.VulnID { return check }

// Vulnerability and Remember are what the room of findings asks a catalogue.
func (w *world) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	v, ok, err := w.base.Load().Vulnerability(id)
	if err == nil && !ok {
		err = harrier.Errorf(harrier.NotFound, "no vulnerability %d", id)
	}
	return v, err
}

// Remember has nothing to do: the content stays.
func (*world) Remember(context.Context, []harrier.VulnID) error { return nil }

// newWorld makes up to n kinds of services of the versions in the builtin facts.
func newWorld(dir string, n int) (*world, error) {
	w := &world{r: rand.New(rand.NewPCG(1, 2)), dir: dir}
	var records []*harrier.Record
	versions := map[string][]string{} // by name of a product
	err := builtin.Records(func(r *harrier.Record) error {
		records = append(records, r)
		for i := range r.Affected {
			a := &r.Affected[i]
			sw := product.ByFormatted(a.CPE)
			if sw == nil || sw.CPEs[0][0] != 'a' {
				continue
			}
			for _, e := range a.Ranges {
				for _, v := range []string{e.From, e.Before, e.To, e.Before + ".1"} {
					if version.Valid(sw.Scheme, v) && version.Numbers(sw.Scheme, v) >= sw.Parts && !slices.Contains(versions[sw.Name], v) {
						versions[sw.Name] = append(versions[sw.Name], v)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.products = len(versions)
	names := slices.Sorted(maps.Keys(versions))
	w.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		sw := product.ByName(name)
		list := versions[name]
		slices.SortFunc(list, func(a, b string) int { return version.Compare(sw.Scheme, a, b) })
		for _, v := range list[len(list)/2:] { // what is older runs no more
			w.kinds = append(w.kinds, serviceOf(sw, v, name+"/"+v))
		}
	}
	w.distributions()
	w.r.Shuffle(len(w.kinds), func(i, j int) { w.kinds[i], w.kinds[j] = w.kinds[j], w.kinds[i] })
	w.kinds = w.kinds[:min(n, len(w.kinds))]
	w.judge = match.NewJudge(match.New(current{w}), func(string) harrier.VulnID { return check })
	return w, w.build(records)
}

// distributions adds what the releases of distributions show.
func (w *world) distributions() {
	ssh, web := product.ByName("OpenSSH"), product.ByName("nginx")
	for n := range 10 {
		for _, shown := range []string{"9.2p1 Debian-2+deb12u%d", "8.4p1 Debian-5+deb11u%d", "8.9p1 Ubuntu-3ubuntu0.%d", "9.6p1 Ubuntu-3ubuntu13.%d"} {
			v, _, _ := strings.Cut(shown, " ")
			w.kinds = append(w.kinds, serviceOf(ssh, v, "SSH-2.0-OpenSSH_"+fmt.Sprintf(shown, n)))
		}
	}
	for _, v := range []string{"1.14.0", "1.14.2", "1.18.0", "1.22.1", "1.24.0", "1.26.3"} {
		w.kinds = append(w.kinds, serviceOf(web, v, "nginx/"+v), serviceOf(web, v, "nginx/"+v+" (Ubuntu)"))
	}
}

func serviceOf(sw *product.Product, v, banner string) harrier.Service {
	s := harrier.Service{Name: "http", Product: sw.Name, Version: v, CPE: "cpe:2.3:" + sw.CPEs[0] + ":*:*:*:*:*:*:*:*", Evidence: banner, Certainty: harrier.Certain}
	if len(sw.Speaks) > 0 {
		s.Name = sw.Speaks[0]
	}
	return s
}

// some are n kinds.
func (w *world) some(n int) []harrier.Service {
	out := make([]harrier.Service, n)
	for i := range out {
		out[i] = w.kinds[w.r.IntN(len(w.kinds))]
	}
	return out
}

// fill stores assets of five services each, and which verdicts there are on them;
// those that run one of the targets with the findings in it.
func (w *world) fill(ctx context.Context, db *store.DB, assets int, list []harrier.Service) error {
	const group = 5000
	verdicts, targets := map[string]string{}, map[string]bool{}
	for _, s := range list {
		targets[s.Evidence] = true
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for from := 0; from < assets; from += group {
		err := db.InTx(ctx, func(ctx context.Context) error {
			for i := from; i < min(from+group, assets); i++ {
				if err := w.asset(ctx, db, i, at, verdicts, targets); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findings stores what a scan finds on an asset in the targets.
func (w *world) findings(ctx context.Context, db *store.DB, asset harrier.ID, known match.Known, targets map[string]bool) error {
	known.Services = slices.DeleteFunc(slices.Clone(known.Services), func(s harrier.Service) bool { return !targets[s.Evidence] })
	present, _ := w.judge.Observations(known, harrier.Settings{})
	list := make([]*harrier.Finding, len(present))
	for i, o := range present {
		list[i] = &harrier.Finding{
			Asset: asset, Instance: o.Instance(), Severity: harrier.High, Service: o.Service, Evidence: o.Evidence, Certainty: o.Certainty,
			Source: o.Source, Intervals: []harrier.Interval{{Opened: known.Now, LastSeen: known.Now}},
		}
	}
	w.found += len(list)
	return db.SaveFindings(ctx, list)
}

func (w *world) asset(ctx context.Context, db *store.DB, i int, at time.Time, verdicts map[string]string, targets map[string]bool) error {
	a := harrier.Asset{
		Repository: harrier.DefaultRepository, Addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}),
		UUID: harrier.NewUUID(at), FirstSeen: at, LastSeen: at,
	}
	if err := db.InsertAsset(ctx, &a); err != nil {
		return err
	}
	services := make([]harrier.Service, 5)
	for p := range services {
		services[p] = w.kinds[int(math.Pow(w.r.Float64(), 3)*float64(len(w.kinds)))]
		services[p].Endpoint = harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(8000 + p)}
		services[p].FirstSeen, services[p].LastSeen = at, at
	}
	if err := db.PutServices(ctx, a.ID, services); err != nil {
		return err
	}
	known := match.Known{Host: harrier.Host{Addr: a.Addr, Alive: true}, Services: services, Now: at}
	if slices.ContainsFunc(services, func(s harrier.Service) bool { return targets[s.Evidence] }) {
		if err := w.findings(ctx, db, a.ID, known, targets); err != nil {
			return err
		}
	}
	things := w.judge.Things(known)
	for k := range things {
		verdict, known := verdicts[things[k].Subject]
		if !known {
			held, err := w.judge.Verdict(things[k].Subject, time.Now())
			if err != nil {
				return err
			}
			verdict = harrier.WriteHeld(held)
			verdicts[things[k].Subject] = verdict
		}
		things[k].Verdict = verdict
	}
	return db.PutThings(ctx, a.ID, things)
}

// learn updates the content with a record for each of some kinds, which says that
// this version has one vulnerability more; it returns the keys of the statements
// that changed.
func (w *world) learn(kinds []harrier.Service) (keys []string, err error) {
	next := filepath.Join(w.dir, fmt.Sprintf("content-%d.db", w.learnt+1))
	_, keys, err = content.Update(w.path, next, func(b *content.Builder) error {
		for _, s := range kinds {
			w.learnt++
			cve := fmt.Sprintf("CVE-2026-%d", 90_000+w.learnt)
			a := harrier.Affected{CPE: s.CPE, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{From: s.Version, To: s.Version}}}
			r := &harrier.Record{Source: "builtin", ID: cve, CVEs: []string{cve}, Title: cve, Summary: "A made-up one.", Affected: []harrier.Affected{a}}
			if err := b.Add(builtin.Class, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, w.open(next)
}

// build writes the builtin facts to a file, as installed content is one.
func (w *world) build(records []*harrier.Record) error {
	path := filepath.Join(w.dir, "content.db")
	b, err := content.NewBuilder(path, content.Options{})
	if err != nil {
		return err
	}
	defer b.Abandon()
	for _, r := range records {
		if err := b.Add(builtin.Class, r); err != nil {
			return err
		}
	}
	if err := b.Finish(content.Info{}); err != nil {
		return err
	}
	return w.open(path)
}

// open puts a file of content in force.
func (w *world) open(path string) error {
	base, err := content.Open(path)
	if err != nil {
		return err
	}
	w.path = path
	if old := w.base.Swap(base); old != nil {
		return old.Close()
	}
	return nil
}

// current is the content in force.
type current struct{ *world }

func (c current) Statements(key string) ([]harrier.Statement, error) {
	return c.base.Load().Statements(key)
}

func (c current) Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	return c.base.Load().Vulnerability(id)
}

func (c current) Number(name string) (harrier.VulnID, bool, error) { return c.base.Load().Number(name) }

func (c current) Records(id harrier.VulnID) ([]harrier.Record, error) {
	return c.base.Load().Records(id)
}
func (c current) Class(source string) feed.Class { return c.base.Load().Class(source) }
func (c current) Version() string                { return c.base.Load().Version() }
