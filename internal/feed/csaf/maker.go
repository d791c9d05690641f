package csaf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/cpe"
)

// maker is how one maker's documents name products and versions.
type maker struct {
	vendor string // for products without a CPE: "fortinet"; "" to take the branch's
	// cpes are the CPE names of products by theirs in lower case: "fortios" to
	// "o:fortinet:fortios".
	cpes map[string]string
	// trains says that a vulnerability's ranges without a lower end speak of one
	// train of releases each, where there are several: "<11.0.2" and "<10.2.5" are
	// those from 11.0 and those from 10.2.
	trains bool
	// bare says that a product without versions stands for all of them. Else it
	// only names what the advisory is about, and says nothing.
	bare bool
}

// maxFaults bounds what is told of one vulnerability's claims.
const maxFaults = 16

// statement is what is gathered about one product.
type statement struct {
	harrier.Affected
	all bool
}

// say is the Say of a maker. Versions that are said to be fixed tell nothing
// that those affected do not.
func (m maker) say(d *Document, v *Vulnerability, r *harrier.Record) (faults []error) {
	var order []*statement
	at := map[string]*statement{}
	for c := range d.Claims(v) {
		status, ok := m.status(c)
		if !ok {
			continue
		}
		a, ok := m.product(c.Item)
		if !ok {
			continue
		}
		versions, told, err := m.versions(c.Item)
		switch {
		case err != nil:
			if len(faults) < maxFaults {
				faults = append(faults, err)
			}
			continue
		case !told && (m.bare || a.CPE != "" && a.CPE != versionless(a.CPE)):
			versions.All = true
		case !told:
			continue
		}
		if c.inBoth(v) && slices.ContainsFunc(versions.Ranges, func(r harrier.Range) bool { return r.Before+r.To == "" }) {
			continue // of one id for what is affected and what mends it, the open end is the mended one
		}
		if told && a.CPE != "" {
			a.CPE = versionless(a.CPE)
		}
		a.Status, a.Why = status, c.Flag
		key := a.CPE + "\x00" + a.Maker + "\x00" + a.Why + string(rune(status))
		s := at[key]
		if s == nil {
			s = &statement{Affected: a}
			at[key] = s
			order = append(order, s)
		}
		s.all = s.all || versions.All
		s.Ranges = append(s.Ranges, versions.Ranges...)
		s.Versions = append(s.Versions, versions.List...)
	}
	for _, s := range order {
		if s.all {
			s.Ranges, s.Versions = nil, nil
		}
		if m.trains {
			split(s.Ranges)
		}
		slices.Sort(s.Versions)
		s.Versions = slices.Compact(s.Versions)
		s.Ranges = unique(s.Ranges)
		s.Advisory = d.ID
		r.Affected = append(r.Affected, s.Affected)
	}
	return faults
}

func (m maker) status(c Claim) (harrier.Status, bool) {
	switch c.Status {
	case "known_affected", "first_affected", "last_affected":
		if c.Unfixed != nil && c.Unfixed.Category == "no_fix_planned" {
			return harrier.StatusWillNotFix, true
		}
		return harrier.StatusAffected, true
	case "known_not_affected":
		return harrier.StatusNotAffected, true
	case "under_investigation":
		return harrier.StatusUnknown, true
	}
	return 0, false
}

// inBoth reports whether the id of an affected product is also in a list of
// mended ones.
func (c Claim) inBoth(v *Vulnerability) bool {
	return c.Status == "known_affected" && len(v.ProductStatus["fixed"]) > 0 && len(v.ProductStatus["fixed"]) <= 1024 &&
		slices.Contains(v.ProductStatus["fixed"], c.Item.ID)
}

// product names what an item is: by a CPE of its own, by that of the table, else
// in the maker's words.
func (m maker) product(i Item) (a harrier.Affected, ok bool) {
	if strings.HasPrefix(i.CPE, "cpe:2.3:") && len(i.CPE) < 512 {
		a.CPE = i.CPE
		return a, true
	}
	if uri := cpe.FromURI(i.CPE); uri != "" {
		a.CPE = uri
		return a, true
	}
	name := strings.ToLower(strings.TrimSpace(cmp.Or(i.Product, i.Family, i.Name)))
	name = strings.TrimSuffix(name, " software")
	if known := m.cpes[name]; known != "" {
		part, rest, _ := strings.Cut(known, ":")
		a.CPE = "cpe:2.3:" + part + ":" + rest + ":*:*:*:*:*:*:*:*"
		return a, true
	}
	vendor := cmp.Or(m.vendor, strings.ToLower(strings.TrimSpace(i.Vendor)))
	if vendor == "" || name == "" || len(vendor)+len(name) > 256 {
		return a, false
	}
	a.Maker = vendor + "/" + name
	return a, true
}

// versions reads the branch that tells them; told is false where none does.
func (m maker) versions(i Item) (v Versions, told bool, err error) {
	text := cmp.Or(i.Range, i.Version)
	if text == "" {
		return Versions{}, false, nil
	}
	bare := text
	for _, name := range []string{i.Product, i.Family, i.Name} {
		if len(name) > 0 && len(bare) > len(name) && strings.EqualFold(bare[:len(name)], name) {
			bare = strings.TrimLeft(bare[len(name):], " /:")
			break
		}
	}
	if v, err = ParseRange(bare); err != nil && i.Range == "" {
		if ver := version(bare); ver != "" {
			return Versions{List: []string{ver}}, true, nil
		}
	}
	if err != nil {
		return Versions{}, false, fmt.Errorf("%.60s: %w", i.ID, err)
	}
	return v, true, nil
}

// split gives ranges without a lower end the start of their train, where there
// are several.
func split(ranges []harrier.Range) {
	ends := map[string]bool{}
	for _, r := range ranges {
		if r.From+r.After == "" {
			ends[r.Before+r.To] = true
		}
	}
	if len(ends) < 2 {
		return
	}
	for i := range ranges {
		r := &ranges[i]
		if r.From+r.After != "" {
			continue
		}
		end := r.Before + r.To
		if parts := strings.SplitN(end, ".", 3); len(parts) == 3 {
			r.From = parts[0] + "." + parts[1]
		}
	}
}

// unique drops repetitions and keeps the order.
func unique(ranges []harrier.Range) []harrier.Range {
	seen := make(map[harrier.Range]bool, len(ranges))
	return slices.DeleteFunc(ranges, func(r harrier.Range) bool {
		was := seen[r]
		seen[r] = true
		return was
	})
}

// versionless is a CPE without version and update, which ranges stand beside.
func versionless(name string) string {
	var b strings.Builder
	for field, i := 0, 0; i < len(name); i++ {
		switch {
		case name[i] == ':':
			field++
			b.WriteByte(':')
			if field == 5 || field == 6 {
				b.WriteByte('*')
			}
		case field == 5 || field == 6:
			if name[i] == '\\' {
				i++
			}
		case name[i] == '\\' && i+1 < len(name):
			b.WriteString(name[i : i+2])
			i++
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}
