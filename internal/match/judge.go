package match

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/version"
)

// Judge is a Matcher in the form in which results are folded, and stored
// software is compared again: see finding.Judge. Calls may overlap.
type Judge struct {
	m      *Matcher
	family func(name string) harrier.VulnID
}

// NewJudge returns a Judge over m. Family is the check that stands for the
// vulnerabilities of a family, 0 for a name that is none.
func NewJudge(m *Matcher, family func(name string) harrier.VulnID) *Judge { return &Judge{m, family} }

// Observations are what a host is seen to have at f.Now, and where that can not
// be told: entries without a check are about all that is known, others about the
// family that their check stands for.
func (j *Judge) Observations(f Known, set harrier.Settings) (present []harrier.Observation, unsure []harrier.Done) {
	var doubts []doubt
	take := func(h sighting) { present = append(present, h.observation()) }
	seen, concealed := things(f.Host, f.Services)
	for i := range seen {
		doubts = append(doubts, j.m.hitsOf(&seen[i], set, f.Now, take)...)
	}
	doubts = append(doubts, hidden(concealed)...)
	for _, u := range doubts {
		done := harrier.Done{Check: u.Check, Endpoint: u.Endpoint, Outcome: u.Outcome, Reason: u.Reason}
		switch {
		case u.Check != 0:
			unsure = append(unsure, done)
		case u.Key != "": // of a technology: the rest of the endpoint is not in doubt
		case len(u.Families) == 0:
			unsure = append(unsure, done)
		default:
			for _, name := range u.Families {
				if done.Check = j.family(name); done.Check != 0 {
					unsure = append(unsure, done)
				}
			}
		}
	}
	if f.Packages == nil {
		return present, unsure
	}
	if t, ok := f.system(); ok {
		for _, u := range j.m.hitsOf(&t, set, f.Now, take) {
			unsure = append(unsure, harrier.Done{Check: u.Check, Endpoint: u.Endpoint, Outcome: u.Outcome, Reason: u.Reason})
		}
	}
	list, err := j.m.Packages(*f.Packages, f.Now)
	if err != nil {
		return present, append(unsure, harrier.Done{Endpoint: wholeHost, Outcome: harrier.Failed, Reason: "the knowledge base could not be read: " + err.Error()})
	}
	for i := range list {
		d := &list[i]
		if set.NoPotential && d.Certainty < harrier.Certain {
			continue
		}
		present = append(present, harrier.Observation{
			Vulnerability: d.Vulnerability, Endpoint: d.Thing.Endpoint, Key: d.Thing.Key, Evidence: limit("\n" + d.text()),
			Certainty: d.Certainty, Source: d.Winner,
		})
	}
	return present, unsure
}

// Things are what software a host has in versions that can be compared.
func (j *Judge) Things(f Known) []harrier.Placed {
	seen, _ := things(f.Host, f.Services)
	var out []harrier.Placed
	for i := range seen {
		out = append(out, seen[i].placed(harrier.Certain))
	}
	if t, ok := f.system(); ok {
		out = append(out, t.placed(harrier.Certain))
	}
	if f.Packages != nil {
		for _, t := range installed(*f.Packages) {
			out = append(out, t.placed(t.most))
		}
	}
	return out
}

func (t *Thing) placed(most harrier.Certainty) harrier.Placed {
	p := harrier.Placed{Endpoint: t.Endpoint, Key: t.Key, Subject: t.text(most)}
	for _, g := range t.asks() {
		for _, a := range g.asks {
			p.Asks = append(p.Asks, a.key)
		}
	}
	return p
}

// Asks are the keys of the statements that decide about a subject.
func (j *Judge) Asks(subject string) ([]string, error) {
	t, most, err := readThing(subject)
	if err != nil {
		return nil, err
	}
	return t.placed(most).Asks, nil
}

// Verdict is what the software of a subject has at a time, by rising number.
func (j *Judge) Verdict(subject string, at time.Time) ([]harrier.Held, error) {
	t, most, err := readThing(subject)
	if err != nil {
		return nil, err
	}
	var out []harrier.Held
	if t.How != Installed {
		a, err := j.m.answer(&t, at)
		if err != nil {
			return nil, err
		}
		for _, hit := range a.hits {
			out = append(out, harrier.Held{Vulnerability: hit.id, Certainty: min(hit.certainty, most), Source: hit.source})
		}
		return out, nil
	}
	list, err := j.m.decisions(&t, 0, at)
	for i := range list {
		if d := &list[i]; d.Verdict == harrier.Present {
			out = append(out, harrier.Held{Vulnerability: d.Vulnerability, Certainty: min(d.Certainty, most), Source: d.Winner})
		}
	}
	return out, err
}

// Evidence is the text about a vulnerability that Verdict tells of at that time,
// behind the lines of Shown; "" about another.
func (j *Judge) Evidence(subject string, id harrier.VulnID, at time.Time) (string, error) {
	t, most, err := readThing(subject)
	if err != nil {
		return "", err
	}
	if t.How != Installed {
		a, err := j.m.answer(&t, at)
		if err != nil {
			return "", err
		}
		i, found := slices.BinarySearchFunc(a.hits, id, func(h *hit, id harrier.VulnID) int { return cmp.Compare(h.id, id) })
		if !found {
			return "", nil
		}
		return a.hits[i].evidence(), nil
	}
	list, err := j.m.decisions(&t, id, at)
	if err != nil || len(list) == 0 || list[0].Verdict != harrier.Present {
		return "", err
	}
	d := &list[0]
	d.Reasons, d.Certainty = append(d.Reasons, t.notes...), min(d.Certainty, most)
	return d.text(), nil
}

// Shown is what a spot shows of a subject, as the first lines of evidence.
func (j *Judge) Shown(subject string, p harrier.Spot) string {
	switch {
	case p.Key == "":
		return bannerLine(cmpOr(p.Service.Evidence, p.Service.Banner))
	case strings.HasPrefix(p.Key, "o:"):
		if raw, _ := cpeKey(p.OSCPE); raw == p.Key {
			return bannerLine(p.OS)
		}
		t, _, _ := readThing(subject) // by the list of packages, which named it
		return bannerLine(t.What + " " + t.Version)
	}
	for i := range p.Service.Technologies {
		t := &p.Service.Technologies[i]
		if sw, _ := identify(t.CPE, t.Name); sw != nil && sw.CPEs[0] == p.Key && t.Category != "template" {
			return bannerLine(t.Evidence)
		}
	}
	return bannerLine("") // an installed package
}

// Denies reports whether a source that decides says that the software of a
// subject does not have a vulnerability, or that there is none. Silence denies
// nothing.
func (j *Judge) Denies(subject string, id harrier.VulnID, at time.Time) (bool, error) {
	v, known, err := j.m.k.Vulnerability(id)
	if err != nil || known && !v.Withdrawn.IsZero() {
		return err == nil, err
	}
	t, _, err := readThing(subject)
	if err != nil {
		return false, err
	}
	list, err := j.m.decisions(&t, id, at)
	if err != nil {
		return false, err
	}
	denied := false
	for _, d := range list {
		if d.Verdict == harrier.Present {
			return false, nil
		}
		denied = denied || d.Verdict == harrier.Absent && d.Winner != ""
	}
	return denied, nil
}

// thingText is a Thing as a subject is stored: all that decisions follow from,
// and nothing of where it stands.
type thingText struct {
	Name      string            `json:"name"` // of the registered product, its CPE name, or the package
	What      string            `json:"what,omitempty"`
	Version   string            `json:"version,omitempty"`
	Package   string            `json:"package,omitempty"`
	Origin    Origin            `json:"origin,omitzero"`
	How       int               `json:"how"`
	Certainty harrier.Certainty `json:"certainty"`
	Most      harrier.Certainty `json:"most"`
	System    string            `json:"system,omitempty"`
	Kind      kind              `json:"kind,omitempty"`
	Module    string            `json:"module,omitempty"`
	Arch      string            `json:"arch,omitempty"`
	Source    string            `json:"source,omitempty"`   // package that it was built from
	Notes     []string          `json:"notes,omitempty"`    // see Thing.notes
	NoEpoch   bool              `json:"no_epoch,omitempty"` // Package has none, and it is not known to be 0
}

// text is the subject of t; most bounds how certain decisions about it can be.
func (t *Thing) text(most harrier.Certainty) string {
	s := thingText{
		Name: t.product, What: t.What, Version: t.Version, Package: t.Package, Origin: t.Origin, How: int(t.How),
		Certainty: t.Certainty, Most: most, System: t.system, Kind: t.kind, Module: t.module, Arch: t.arch, Source: t.source, Notes: t.notes, NoEpoch: t.noEpoch,
	}
	s.Origin.Sign = ""      // it differs where nothing else does
	b, _ := json.Marshal(s) // of plain fields: never fails
	return string(b)
}

// readThing is the reverse of text.
func readThing(subject string) (t Thing, most harrier.Certainty, err error) {
	var s thingText
	if err := json.Unmarshal([]byte(subject), &s); err != nil || s.Name == "" || s.How < 0 || s.How > int(Installed) {
		return t, 0, harrier.Invalidf("subject", "%.100q is none", subject).Because(err)
	}
	t = Thing{
		What: s.What, Version: s.Version, Package: s.Package, Origin: s.Origin, How: How(s.How), Certainty: s.Certainty,
		module: s.Module, arch: s.Arch, source: s.Source, notes: s.Notes, Endpoint: wholeHost,
	}
	t.seal(s.Name, s.System, s.Kind)
	t.noEpoch = s.NoEpoch
	if t.How != Installed {
		t.sw = registered(s.Name)
	}
	return t, s.Most, nil
}

// registered is the product of a name or a CPE name, or one that goes by its CPE
// alone.
func registered(name string) *product.Product {
	if sw := product.ByName(name); sw != nil {
		return sw
	}
	if sw := product.ByCPE(name); sw != nil {
		return sw
	}
	sw := &product.Product{Name: name, CPEs: []string{name}, Scheme: version.Dotted, Parts: 1}
	if vendor, ok := strings.CutPrefix(name, "o:"); ok {
		for _, n := range systemNames[systems[vendor]] { // the same by its other names
			if n != name {
				sw.CPEs = append(sw.CPEs, n)
			}
		}
	}
	return sw
}
