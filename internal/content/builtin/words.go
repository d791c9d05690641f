package builtin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// ownText is what was written by hand about a vulnerability of a product.
type ownText struct {
	product string // slug
	title   string // completes "PRODUCT: …"
	effect  string // a sentence: who can do what; "" when there is none
}

// Own is one line of own/: an entry with one claim, and its words.
type Own struct {
	Entry
	Title  string
	Effect string
	Told   string // where the ends of the ranges are told: "template", "msf", "kev" or a document; "" when the line does not say
}

// OwnEntries reads what was written by hand.
func OwnEntries() ([]Own, error) {
	var out []Own
	files, err := text.ReadDir("own")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := eachLine("own/"+f.Name(), func(line string) error {
			o, err := parseOwn(line)
			out = append(out, o)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseOwn reads "CVE | product | title | effect | published | CWE | vector |
// versions" and, when there is one, where the versions are told, with "-" for
// nothing.
func parseOwn(line string) (Own, error) {
	fields := strings.Split(line, " | ")
	if len(fields) != 8 && len(fields) != 9 {
		return Own{}, fmt.Errorf("%d fields, where 8 or 9 are wanted", len(fields))
	}
	fields = append(fields, "")
	for i, f := range fields {
		if fields[i] = strings.TrimSpace(f); fields[i] == "-" {
			fields[i] = ""
		}
	}
	cve, published, cwe, vector, claim := fields[0], fields[4], fields[5], fields[6], fields[1]+fields[7]
	e, err := ParseEntry(strings.Join([]string{strings.TrimPrefix(cve, "CVE-"), published, cwe, vector, "", "", claim}, "\t"))
	return Own{Entry: e, Title: fields[2], Effect: fields[3], Told: fields[8]}, err
}

// ownWords returns the words for CVEs; of several products the first has them.
func ownWords() (map[string]ownText, error) {
	own, err := OwnEntries()
	if err != nil {
		return nil, err
	}
	words := make(map[string]ownText, len(own))
	for _, o := range own {
		if _, ok := words[o.CVE]; !ok && o.Title != "" {
			words[o.CVE] = ownText{product: o.Claims[0].Product, title: o.Title, effect: o.Effect}
		}
	}
	return words, nil
}

// describe gives r its title and sentences: those written by hand, else what
// follows from the weakness and the vector.
func (e *Entry) describe(r *harrier.Record, products []*product.Product, words map[string]ownText) {
	own, byHand := words[e.CVE]
	first := ""
	if p := product.BySlug(own.product); p != nil {
		first = p.Name
	} else if len(products) > 0 { // no one of several is more to blame
		first = few(products, 3)
	} else if e.KEV != nil {
		first = strings.TrimSpace(e.KEV.Vendor + " " + strings.TrimPrefix(e.KEV.Product, e.KEV.Vendor+" "))
	}
	what, effect := own.title, own.effect
	if !byHand {
		what = weakness(e.CWEs, e.Vectors)
	}
	if effect == "" {
		effect = consequence(e.Vectors)
	}
	r.Title = fmt.Sprintf("%s: %s (%s)", first, what, e.CVE)
	if first == "" {
		r.Title = fmt.Sprintf("%s (%s)", what, e.CVE)
	}
	r.Summary = effect
	if r.Summary == "" {
		r.Summary = fmt.Sprintf("The version is one that %s affects.", e.CVE)
	}
	var details []string
	if effect != "" {
		details = append(details, effect)
	}
	if len(products) > 0 {
		details = append(details, fmt.Sprintf("%s is known for %s.", e.CVE, names(products)))
	}
	if e.KEV != nil {
		used := "It is known to be exploited."
		if e.KEV.Ransomware {
			used = "It is known to be exploited, by ransomware too."
		}
		details = append(details, used)
	}
	if len(e.Vectors) == 0 {
		// content gives those without an assessment a severity by rule; the reader shall know that it is one.
		counts := "medium"
		if e.KEV != nil {
			counts = "high"
		}
		details = append(details, "How grave it is has not been assessed here; it counts as "+counts+".")
	}
	r.Details = strings.Join(details, " ")
	r.Solution = e.solution(products)
}

// names lists products for people, at most six of them.
func names(products []*product.Product) string { return few(products, 6) }

// few lists the first products for people.
func few(products []*product.Product, most int) string {
	var out []string
	for _, p := range products[:min(len(products), most)] {
		out = append(out, p.Name)
	}
	if more := len(products) - len(out); more > 0 {
		return fmt.Sprintf("%s and %d more products", strings.Join(out, ", "), more)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
	return strings.Join(out, "")
}

// solution names the versions that mend it, of each product where they are few.
func (e *Entry) solution(products []*product.Product) string {
	const orPackage = " or later, or to a package of your distribution that has the fix."
	switch n := len(products); {
	case n == 0:
		return ""
	case n > 3:
		return "Update " + few(products, 3) + " to versions that are not affected, or to packages of your distribution that have the fix."
	case n > 1:
		to := make([]string, n)
		for i, p := range products {
			fixed := e.fixed(p)
			if len(fixed) == 0 || len(fixed) > 8 {
				return "Update " + names(products) + " to versions that are not affected, or to packages of your distribution that have the fix."
			}
			to[i] = p.Name + " " + strings.Join(fixed, ", ")
		}
		return "Update to " + strings.Join(to, "; ") + orPackage
	}
	fixed := e.fixed(products[0])
	name := products[0].Name
	switch {
	case len(fixed) == 0:
		return fmt.Sprintf("Update %s to a version that is not affected.", name)
	case len(fixed) > 8:
		return fmt.Sprintf("Update %s to %s or later.", name, fixed[len(fixed)-1])
	}
	return "Update " + name + " to " + strings.Join(fixed, ", ") + orPackage
}

// fixed are the versions of a product that have the fix, as they are listed.
func (e *Entry) fixed(p *product.Product) []string {
	var out []string
	for _, c := range e.Claims {
		if product.BySlug(c.Product) != p {
			continue
		}
		for _, r := range c.Ranges {
			if r.Before != "" && !slices.Contains(out, r.Before) {
				out = append(out, r.Before)
			}
		}
	}
	return out
}
