package surface

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"

	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// wild is what one level of the tree answers to names that nobody has.
type wild struct {
	ready    chan struct{}
	unproven bool                       // nobody answered: nothing is believed there
	any      bool                       // random names are there
	unstable bool                       // each random name has other data
	said     map[uint16]map[string]bool // data that random names have, by type
}

var wildTypes = []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT}

const (
	fewProbes  = 3
	manyProbes = 12
)

// wildcard proves what is to be expected of the names right below level.
func (d *discovery) wildcard(ctx context.Context, level string) *wild {
	d.wildMu.Lock()
	w := d.wilds[level]
	if w != nil {
		d.wildMu.Unlock()
		<-w.ready
		return w
	}
	w = &wild{ready: make(chan struct{}), said: map[uint16]map[string]bool{}}
	d.wilds[level] = w
	d.wildMu.Unlock()
	defer close(w.ready)
	if !d.probeLevel(ctx, w, level, dns.TypeA, fewProbes) {
		return w
	}
	for _, t := range wildTypes {
		d.probeLevel(ctx, w, level, t, manyProbes)
	}
	return w
}

// tellWildcards says of which own names every name below is there. It is done
// at the end, when it is known which of them are assets.
func (d *discovery) tellWildcards() {
	d.wildMu.Lock()
	defer d.wildMu.Unlock()
	for level, w := range d.wilds {
		d.mu.Lock()
		known := d.graph.Has(Node{Kind: Domain, Key: level})
		d.mu.Unlock()
		if known && w.any && !w.unproven && d.isOwn(level) {
			d.attribute(Node{Kind: Domain, Key: level}, "dns", "wildcard", "below")
		}
	}
}

// probeLevel asks for n random names and reports whether any is there.
func (d *discovery) probeLevel(ctx context.Context, w *wild, level string, t uint16, n int) bool {
	var mu sync.Mutex
	var wg sync.WaitGroup
	shapes := map[string]bool{}
	if w.said[t] == nil {
		w.said[t] = map[string]bool{}
	}
	for range n {
		wg.Go(func() {
			a, err := d.dns.Lookup(ctx, resolve.RandomLabel()+"."+level, t)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.unproven = true
				return
			}
			w.any = w.any || a.Exists()
			shape := data(a)
			shapes[strings.Join(shape, "\n")] = true
			for _, s := range shape {
				w.said[t][s] = true
			}
		})
	}
	wg.Wait()
	if t == dns.TypeA {
		w.unstable = w.unstable || len(shapes) > 1
	}
	return w.any
}

// data is what the records say, without whose they are.
func data(a resolve.Answer) []string {
	var out []string
	for _, r := range a.Records {
		out = append(out, dns.TypeToString[r.Header().Rrtype]+" "+strings.ToLower(resolve.Text(r)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// like reports whether an answer is one that a random name could have.
func (w *wild) like(a resolve.Answer) bool {
	if !w.any {
		return false
	}
	shape := data(a)
	if len(shape) == 0 {
		return len(w.said[a.Type]) == 0
	}
	return !slices.ContainsFunc(shape, func(s string) bool { return !w.said[a.Type][s] })
}

// real reports whether a name that was only guessed is one that somebody made:
// it is there, and has data that the names around it do not. Where every random
// name has other addresses, addresses prove nothing.
func (d *discovery) real(ctx context.Context, name string) (is, empty bool) {
	a, err := d.dns.Lookup(ctx, name, dns.TypeA)
	if err != nil {
		return d.delegated(ctx, name), false
	}
	if !a.Exists() {
		return false, false
	}
	_, level, _ := strings.Cut(name, ".")
	w := d.wildcard(ctx, level)
	if w.unproven {
		d.remark("it is not known what names below " + level + " prove: nobody answered")
		return false, false
	}
	if !w.any && a.Has() {
		return true, false
	}
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeNS, dns.TypeSRV} {
		a, err := d.dns.Lookup(ctx, name, t)
		switch {
		case err != nil:
		case !w.any && a.Has():
			return true, false
		case !w.any, w.said[t] == nil:
		case t == dns.TypeA && w.unstable:
		case !w.like(a):
			return true, false
		}
	}
	return false, !w.any
}

// delegated reports whether a name is a zone of its own, though its servers do
// not answer.
func (d *discovery) delegated(ctx context.Context, name string) bool {
	if d.o.Passive {
		return false
	}
	del, err := d.dns.Delegation(ctx, name)
	return err == nil && del.Zone == name
}

// likeWildcard reports whether all that the DNS says of a name it says of any
// name beside it.
func (d *discovery) likeWildcard(ctx context.Context, name string) bool {
	if slices.Contains(d.own, name) {
		return false
	}
	_, level, _ := strings.Cut(name, ".")
	w := d.wildcard(ctx, level)
	if !w.any || w.unproven {
		return false
	}
	is, _ := d.real(ctx, name)
	return !is
}

// likeWildcardType is likeWildcard for records of another type.
func (d *discovery) likeWildcardType(ctx context.Context, name string, a resolve.Answer) bool {
	if !a.Has() {
		return true
	}
	_, level, _ := strings.Cut(name, ".")
	b, err := d.dns.Lookup(ctx, resolve.RandomLabel()+"."+level, a.Type)
	return err != nil || b.Has()
}

// tryWords tries the list of words below a name.
func (d *discovery) tryWords(ctx context.Context, level string) {
	if d.o.NoWords || d.o.Passive {
		return
	}
	names := make([]string, 0, len(d.o.Words))
	for _, word := range d.o.Words {
		if n := resolve.Canonical(word + "." + level); n != "" {
			names = append(names, n)
		}
	}
	d.guess(ctx, level, names, "wordlist")
}

// guess asks for many names below a level, and takes those that are real.
func (d *discovery) guess(ctx context.Context, level string, names []string, how string) {
	w := d.wildcard(ctx, level)
	if w.unproven {
		d.remark("it is not known what names below " + level + " prove: nobody answered")
		return
	}
	types := []uint16{dns.TypeA}
	if w.any { // any type may tell a name from those around it
		types = wildTypes
	}
	var hits []string
	for _, t := range types {
		if w.unstable && t == dns.TypeA {
			continue
		}
		d.sweep(ctx, level, names, t, func(a resolve.Answer) {
			if !w.any || !w.like(a) {
				hits = append(hits, a.Name)
			}
		})
	}
	slices.Sort(hits)
	for _, name := range slices.Compact(hits) {
		d.once("guess "+how+" "+name, func(ctx context.Context) { d.confirm(ctx, name, how) })
	}
}

// sweep asks for many names of a zone. It reports whether nobody answered for
// some.
func (d *discovery) sweep(ctx context.Context, zone string, names []string, t uint16, hit func(resolve.Answer)) (lost bool) {
	tally, err := d.dns.Sweep(ctx, zone, names, t, hit)
	d.mu.Lock()
	d.words.Names += tally.Names
	d.words.Sent += tally.Sent
	d.words.Answers += tally.Answers
	d.words.Repeated += tally.Repeated
	d.words.Slow += tally.Slow
	d.words.Lost += tally.Lost
	d.mu.Unlock()
	if harrier.KindOf(err) == harrier.NotFound { // nothing can be there
		return false
	}
	if err != nil && ctx.Err() == nil {
		d.remark("names below " + zone + " were not tried: " + err.Error())
	}
	return err != nil || tally.Lost > 0
}

// confirm takes a guessed name when it is real. One without records that others
// are below is no asset, but a level at which to go on.
func (d *discovery) confirm(ctx context.Context, name, how string) {
	is, empty := d.real(ctx, name)
	seed := seedOf(d.own, name)
	switch {
	case seed == "":
	case is:
		d.domain(Node{Kind: Domain, Key: seed}, Child, name, how, nil)
	case empty && strings.Count(name, ".")-strings.Count(seed, ".") < d.o.WordDepth:
		d.once("words "+name, func(ctx context.Context) { d.tryWords(ctx, name) })
	}
}

// again looks whether a name of an earlier survey is still there, by whatever way
// it was found then.
func (d *discovery) again(ctx context.Context, name string) {
	_, level, _ := strings.Cut(name, ".")
	_, err := d.dns.Lookup(ctx, name, dns.TypeA)
	if err != nil || d.wildcard(ctx, level).unproven {
		d.unasked(ctx, Node{Kind: Domain, Key: name})
	}
	d.confirm(ctx, name, "known")
}

// permute tries names like those that are known, and tells how many are new.
func (d *discovery) permute() int {
	d.mu.Lock()
	byLevel := map[string][]string{}
	for _, n := range d.graph.Of(Domain) {
		if !d.isOwn(n.Key) || slices.Contains(d.own, n.Key) || d.done["permute "+n.Key] || len(d.graph.Attributes(n)["wildcard"]) > 0 && slices.Contains(d.graph.Attributes(n)["wildcard"], "match") {
			continue
		}
		d.done["permute "+n.Key] = true
		_, level, _ := strings.Cut(n.Key, ".")
		byLevel[level] = append(byLevel[level], permutations(n.Key)...)
	}
	d.mu.Unlock()
	sum := 0
	for level, names := range byLevel {
		slices.Sort(names)
		names = slices.Compact(names)
		sum += len(names)
		d.work.add(func(ctx context.Context) { d.guess(ctx, level, names, "permutation") })
	}
	return sum
}
