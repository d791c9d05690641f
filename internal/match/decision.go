package match

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/product"
)

// Decision is what is concluded about one vulnerability in one Thing, and why.
type Decision struct {
	Vulnerability harrier.VulnID  `json:"vulnerability"`
	Name          string          `json:"name"` // "CVE-2024-6387"
	Thing         Thing           `json:"thing"`
	Verdict       harrier.Verdict `json:"verdict"`
	// Status is what holds of the version: affected, will not fix, fix deferred,
	// not affected, end of support; unknown when nobody tells.
	Status     harrier.Status    `json:"status"`
	Certainty  harrier.Certainty `json:"certainty"`  // of a Present one
	Confidence int               `json:"confidence"` // 0 to 100, that the verdict is right
	Winner     string            `json:"winner"`     // the source whose word it is; "" when nobody decides
	Words      []Word            `json:"words"`      // every source's, the one that is believed first in front
	Reasons    []string          `json:"reasons"`    // sentences without a full stop, in the order in which they were found
	Fixed      string            `json:"fixed,omitempty"`
	Advisory   string            `json:"advisory,omitempty"`

	quick bool // without what is for people: most decisions are only counted
}

// MarshalJSON writes verdict, status and certainty as words.
func (d Decision) MarshalJSON() ([]byte, error) {
	type plain Decision
	return json.Marshal(struct {
		plain
		Verdict   string `json:"verdict"`
		Status    string `json:"status"`
		Certainty string `json:"certainty"`
	}{plain(d), d.Verdict.String(), d.Status.String(), d.Certainty.String()})
}

// because adds a reason.
func (d *Decision) because(format string, args ...any) {
	if d.quick {
		return
	}
	d.Reasons = append(d.Reasons, fmt.Sprintf(format, args...))
}

// Word is what one record of a source says about a thing.
type Word struct {
	Source   string         `json:"source"`
	Class    string         `json:"class"`
	Record   string         `json:"record"`
	Of       string         `json:"of"` // what it speaks of: "deb/debian/12 openssh", a CPE, a maker's words
	Status   harrier.Status `json:"-"`
	Says     string         `json:"says"`     // "affected", "fixed in 9.2p1-2+deb12u3", "silent"
	Versions string         `json:"versions"` // which it lists, for people
	Fixed    string         `json:"fixed,omitempty"`
	Why      string         `json:"why,omitempty"`      // in its own words
	Advisory string         `json:"advisory,omitempty"` // its advisory
	Updates  string         `json:"updates,omitempty"`  // of its maker that mend it, by their numbers: "KB5034441 (security update)"
	Note     string         `json:"note,omitempty"`     // why it does not count, or only perhaps
	Won      bool           `json:"won,omitempty"`

	class   feed.Class
	release string // the release of a distribution that it speaks of
	said    said
	void    bool // it does not count: Note says why
}

// decisive reports whether a word settles the question.
func (w *Word) decisive() bool {
	return !w.void && (w.Status.Affects() || w.Status == harrier.StatusNotAffected)
}

// listed reports whether a word names the version that mends it.
func (w *Word) listed() bool { return w.said.reached || w.Status.Affects() && w.Fixed != "" }

// wordOf makes one word of what the statements of one record say.
func wordOf(list []said, quick bool) Word {
	top := list[0]
	for _, s := range list[1:] {
		switch {
		case s.aside != "":
		case top.aside != "", s.strength > top.strength:
			top = s
		case s.strength == top.strength && s.status != top.status && s.strength > silent:
			if outranks(s, top) {
				top = s
			}
		}
	}
	p := top.by
	w := Word{
		Source: p.Source, Record: p.Record, Why: p.Why, Advisory: p.Advisory, class: p.class, said: top,
	}
	if !quick {
		w.Class, w.Of, w.Versions, w.Updates = p.class.String(), of(p.Statement), versionsText(p), updatesText(p.Updates)
	}
	if p.distro {
		w.release = p.Package.Ecosystem
		if p.stream {
			w.Note = "for those who have its longer support"
		}
	}
	if top.strength == silent {
		w.Says = "silent"
		return w
	}
	w.Status, w.Fixed = top.status, top.fixed
	if top.aside != "" {
		w.void, w.Note = true, top.aside
	}
	for _, s := range list { // the fix of longer support is better than none
		if w.Fixed == "" && s.aside == "" && s.status.Affects() && w.Status.Affects() && s.fixed != "" {
			w.Fixed, w.Note = s.fixed, s.by.Package.Ecosystem+" has the fix"
		}
	}
	if !quick {
		w.Says = saysText(w.Status, top)
	}
	return w
}

// outranks orders what is equally direct: affected before not affected, so that
// nothing is lost, but what mends it before what does not say.
func outranks(s, t said) bool {
	if s.status.Affects() != t.status.Affects() {
		return s.status.Affects()
	}
	return t.status == harrier.StatusUnknown || s.status == harrier.StatusAffected && t.status != harrier.StatusAffected && s.fixed != ""
}

func saysText(status harrier.Status, s said) string {
	switch {
	case s.by.broken:
		return "in a form that can not be compared"
	case status == harrier.StatusNotAffected && s.reached:
		return "fixed in " + s.fixed
	case status == harrier.StatusUnknown && s.strength == otherwise:
		return "nothing about this version"
	case s.maybe:
		return "perhaps " + status.String()
	}
	return status.String()
}

// of names what a statement speaks of.
func of(s *harrier.Statement) string {
	switch {
	case s.Package.Name != "":
		text := s.Package.Ecosystem + " " + s.Package.Name
		if s.Module != "" {
			text += " of module " + s.Module
		}
		return text
	case s.CPE != "":
		return s.CPE
	}
	return s.Maker
}

// maxListed is how many ranges or versions a text names.
const maxListed = 8

// versionsText lists the versions of a statement for people.
func versionsText(p *prepared) string {
	var parts []string
	for i, r := range p.Ranges {
		if i == maxListed {
			parts = append(parts, fmt.Sprintf("and %d more ranges", len(p.Ranges)-i))
			break
		}
		parts = append(parts, rangeText(r))
	}
	if n := len(p.Versions); n > 0 {
		text := strings.Join(p.Versions[:min(n, maxListed)], ", ")
		if n > maxListed {
			text += fmt.Sprintf(" and %d more", n-maxListed)
		}
		parts = append(parts, text)
	}
	if p.exact.set {
		parts = append(parts, p.exact.full.String())
	}
	if len(parts) == 0 {
		return "every version"
	}
	return strings.Join(parts, "; ")
}

// updatesText names updates of which any one mends, for people.
func updatesText(list []harrier.Update) string {
	if len(list) == 0 {
		return ""
	}
	var parts []string
	for _, u := range list[:min(len(list), maxListed)] {
		text := u.ID
		if u.Kind != "" {
			text += " (" + u.Kind + ")"
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, ", ")
	if n := len(list) - len(parts); n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text + ", or any that contains one of them"
}

func rangeText(r harrier.Range) string {
	var parts []string
	if r.From != "" && r.From != "0" {
		parts = append(parts, "from "+r.From)
	}
	if r.After != "" {
		parts = append(parts, "after "+r.After)
	}
	if r.Before != "" {
		parts = append(parts, "before "+r.Before)
	}
	if r.To != "" {
		parts = append(parts, "up to "+r.To)
	}
	if r.Platforms != "" {
		parts = append(parts, "on "+r.Platforms)
	}
	if len(parts) == 0 {
		return "every version"
	}
	return strings.Join(parts, " ")
}

// decide settles one vulnerability in a thing by what the statements say.
func decide(t *Thing, list []said, quick bool) Decision {
	first := list[0].by
	d := Decision{Vulnerability: first.Vulnerability, Name: first.Name, Thing: *t, quick: quick}
	t.gather(list)
	d.Words = wordsOf(list, quick)
	for i := range d.Words {
		t.judge(&d.Words[i])
	}
	if first.Status == harrier.StatusEndOfSupport {
		d.support()
		return d
	}
	for class := feed.Distribution; class <= feed.Facts; class++ {
		if d.settle(class) {
			break
		}
	}
	if d.Winner == "" {
		d.because("no source that counts says whether %s %s is affected", t.What, t.Version)
		return d
	}
	d.weigh()
	return d
}

// support settles whether a thing is out of support.
func (d *Decision) support() {
	t := &d.Thing
	for i := range d.Words {
		w := &d.Words[i]
		if w.Status != harrier.StatusEndOfSupport {
			continue
		}
		w.Won = true
		d.Winner, d.Status, d.Verdict, d.Certainty, d.Confidence = w.Source, w.Status, harrier.Present, harrier.Potential, 80
		d.because("%s says that its support ended%s", w.Source, since(w.said.by.Since))
		if t.packaged() {
			d.Verdict, d.Certainty = harrier.Absent, 0
			d.because("but it is the package of %s, which looks after it by itself", &t.Origin)
		}
		return
	}
	d.because("no source says that the support of its version has ended")
}

// packaged reports whether a distribution looks after what a service shows: it
// says so itself, or the host's release is known to have come with that version.
// What others build for a distribution is not its own.
func (t *Thing) packaged() bool {
	switch t.How {
	case Installed, Whole, Release:
		return t.Origin.Own
	case Suspected:
		return t.Origin.Own || slices.ContainsFunc(t.Origin.Releases, func(r string) bool { return t.cameWith(t.Origin.Distribution, r) })
	case Hidden, Upstream:
	}
	return false
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " on " + t.UTC().Format(time.DateOnly)
}

// description describes the version of a thing when it is printed.
type description struct{ *Thing }

// String is Describe.
func (d description) String() string { return d.Describe() }

// wordsOf makes one word for each record and release that it speaks of.
func wordsOf(list []said, quick bool) []Word {
	release := func(s said) string {
		if !s.by.distro {
			return ""
		}
		eco := strings.Replace(s.by.Package.Ecosystem, "-pro/", "/", 1)
		if base, _, ok := strings.Cut(strings.Replace(eco, "-eus/", "/", 1), "."); ok && s.by.stream && strings.HasPrefix(eco, "rpm/") {
			eco = base
		}
		return eco
	}
	slices.SortStableFunc(list, func(a, b said) int {
		return cmp.Or(cmp.Compare(a.by.class, b.by.class), cmp.Compare(a.by.Source, b.by.Source), cmp.Compare(a.by.Record, b.by.Record),
			cmp.Compare(release(a), release(b)))
	})
	var out []Word
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].by.Source == list[from].by.Source && list[to].by.Record == list[from].by.Record && release(list[to]) == release(list[from]) {
			to++
		}
		out = append(out, wordOf(list[from:to], quick))
		from = to
	}
	return out
}

// judge takes from a word what does not count for t.
func (t *Thing) judge(w *Word) {
	if w.class != feed.Distribution || w.release == "" || t.How == Installed || t.How == Whole || t.How == Release {
		return
	}
	if !w.decisive() || w.Status.Affects() {
		return
	}
	// It would clear the thing of suspicion: then the distribution must have
	// built it.
	if t.Origin.Backport {
		w.void, w.Note = true, "speaks of the release's own package, not of the one from backports"
	} else if !t.Origin.Own && !t.shippedBy(w.release) {
		w.void, w.Note = true, "whether the distribution built it does not show"
	}
}

// shippedBy reports whether the release of an ecosystem is known to have come
// with the version of t.
func (t *Thing) shippedBy(ecosystem string) bool {
	parts := strings.Split(ecosystem, "/")
	return len(parts) == 3 && t.cameWith(parts[1], parts[2])
}

// cameWith reports whether a release of a distribution is known to have come with
// the version of t.
func (t *Thing) cameWith(distribution, release string) bool {
	sw := product.ByName(t.product)
	if sw == nil {
		return false
	}
	yes, _ := ships(distribution, release, sw, t.Version)
	return yes
}

// settle lets the words of one class decide, if they can.
func (d *Decision) settle(class feed.Class) bool {
	var yes, not *Word
	unknown := 0 // releases that can be meant and are silent
	for i := range d.Words {
		w := &d.Words[i]
		switch {
		case w.class != class || w.Status == harrier.StatusEndOfSupport:
		case !w.decisive():
			unknown++
		case w.Status.Affects():
			yes = better(yes, w)
		default:
			not = better(not, w)
		}
	}
	switch {
	case yes == nil && not == nil:
		return false
	case yes != nil && not != nil:
		if releases := yes.release != not.release && yes.release != ""; !releases && not.listed() && !yes.listed() {
			d.wins(not)
			d.because("%s says otherwise, but names no version that mends it", yes.Source)
			break
		} else if !releases && yes.listed() && !not.listed() {
			d.wins(yes)
			d.because("%s says otherwise, but names no version that mends it", not.Source)
			break
		}
		d.wins(yes)
		yes.said.maybe = true
		d.because("%s (%s) says that it is not affected, with the same weight", not.Source, not.Of)
	case yes != nil:
		d.wins(yes)
	default:
		if len(d.Thing.Origin.Releases) > 1 && class == feed.Distribution && d.releasesSaying(class) < len(d.Thing.Origin.Releases) {
			return false // another release that it may be says nothing
		}
		d.wins(not)
	}
	return true
}

// releasesSaying counts the releases that decisive words of a class speak of.
func (d *Decision) releasesSaying(class feed.Class) int {
	var seen []string
	for i := range d.Words {
		if w := &d.Words[i]; w.class == class && w.decisive() && !slices.Contains(seen, w.release) {
			seen = append(seen, w.release)
		}
	}
	return len(seen)
}

// better is the one of two words of the same meaning that says more.
func better(have, w *Word) *Word {
	switch {
	case have == nil:
		return w
	case have.said.maybe != w.said.maybe:
		if have.said.maybe {
			return w
		}
	case !have.listed() && w.listed():
		return w
	}
	return have
}

func (d *Decision) wins(w *Word) {
	w.Won = true
	d.Winner, d.Status, d.Fixed, d.Advisory = w.Source, w.Status, w.Fixed, cmp.Or(w.Advisory, advisoryID(w.Record))
	d.Verdict = harrier.Absent
	if w.Status.Affects() {
		d.Verdict = harrier.Present
	}
	d.because("%s, the nearest source that knows (%s), says: %s", w.Source, w.Class, w.Says)
}

// advisoryID is the ID of a record that is an advisory itself.
func advisoryID(record string) string {
	if harrier.IsCVE(record) {
		return ""
	}
	return record
}

// weigh says how sure the verdict is.
func (d *Decision) weigh() {
	var won *Word
	for i := range d.Words {
		if d.Words[i].Won {
			won = &d.Words[i]
		}
	}
	t := &d.Thing
	points, certain := t.weight(won)
	less := func(n int, format string, args ...any) {
		points, certain = points-n, false
		d.because(format, args...)
	}
	if won.said.maybe && t.How == Installed {
		less(30, "the sources disagree, or the stream of its module does not show")
	} else if won.said.maybe {
		less(30, "the revision of the package, which would tell whether it has the fix, does not show")
	}
	if won.said.unproved {
		less(15, "it holds on certain platforms only, and that the host is one of them does not show")
	}
	if t.guessed {
		less(20, "the product itself is only guessed")
	}
	switch {
	case t.How == Suspected && t.Origin.Backport:
		less(5, "the package is from %s, of which the release's advisories do not speak", &t.Origin)
	case t.How == Whole && won.class != feed.Distribution:
		less(0, "%s says nothing, and may have mended it without a change of the version", &t.Origin)
	case t.How == Suspected || t.How == Release:
		d.because("the version is %s", description{t})
	case t.How == Upstream && t.Origin.Foreign:
		d.because("the package is not the distribution's own: %s", &t.Origin)
	case t.How == Upstream:
		d.because("the version alone can not show what a packager mended")
	}
	d.Confidence = max(points, 5)
	if d.Verdict == harrier.Present {
		d.Certainty = harrier.Potential
		if certain {
			d.Certainty = harrier.Certain
		}
	}
}

// weight is the confidence in a word about t, and whether it can be certain.
func (t *Thing) weight(w *Word) (points int, certain bool) {
	switch {
	case t.How == Installed:
		return 99, true
	case t.How == Whole && w.class == feed.Distribution:
		return 95, true
	case t.How == Release && w.class == feed.Distribution:
		return 75, false
	case t.How == Suspected && w.class == feed.Distribution:
		return 60, false
	case t.How == Whole || t.How == Release:
		return 40, false
	case w.class >= feed.Overrides:
		return 50, false
	case w.class >= feed.Enriched:
		return 60, false
	}
	return 70, false
}
