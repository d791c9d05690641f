package builtin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Entry is one line of the facts: what is known of one CVE, in the form in which
// it is stored. Its text is a line of fields with tabs between them, "-" for
// nothing:
//
//	2021-23017	2021-06-01	193	CVSS:3.1/AV:N/…	k2021-11-03;2021-11-17;r;F5;NGINX	m:exploit/linux/http/x	nginx[0.6.18,1.20.1)
//
// They are the CVE without its prefix, the day on which it was published, CWE
// numbers, CVSS vectors, the entry in CISA's catalogue (day added, day due, "r"
// when ransomware uses it, and the vendor and product that it names), exploits
// ("m:" a Metasploit module, "e:" a number of Exploit-DB), and claims. Values of
// a field have spaces between them, those of the catalogue ";".
type Entry struct {
	CVE       string // "CVE-2021-23017"
	Published string // "2021-06-01"; "" when not known
	CWEs      []int
	Vectors   []string // CVSS, with prefix
	KEV       *KEV
	Exploits  []string // "m:exploit/linux/http/x", "e:12345"
	Claims    []Claim
}

// KEV is an Entry's place in CISA's catalogue.
type KEV struct {
	Added, Due      string // "2021-11-17"; Due can be ""
	Ransomware      bool
	Vendor, Product string
}

// Claim says which versions of a product are affected. Its text is the
// product's Slug, ranges as intervals and single versions:
// "nginx[0.6.18,1.20.1)(1.21.0,1.21.3]=1.22.0". "[" includes an end and "("
// does not; an end that is empty is open.
type Claim struct {
	Product  string // a Slug of package product
	Ranges   []harrier.Range
	Versions []string
}

// String returns the line of e, without an end.
func (e *Entry) String() string {
	fields := []string{
		strings.TrimPrefix(e.CVE, "CVE-"), e.Published, "", strings.Join(e.Vectors, " "), "", strings.Join(e.Exploits, " "), "",
	}
	var cwes, claims []string
	for _, c := range e.CWEs {
		cwes = append(cwes, strconv.Itoa(c))
	}
	for i := range e.Claims {
		claims = append(claims, e.Claims[i].String())
	}
	fields[2], fields[6] = strings.Join(cwes, " "), strings.Join(claims, " ")
	if e.KEV != nil {
		mark := ""
		if e.KEV.Ransomware {
			mark = "r"
		}
		fields[4] = strings.Join([]string{"k" + e.KEV.Added, e.KEV.Due, mark, e.KEV.Vendor, e.KEV.Product}, ";")
	}
	for i, f := range fields {
		if f == "" {
			fields[i] = "-"
		}
	}
	return strings.Join(fields, "\t")
}

// ParseEntry reads a line.
func ParseEntry(line string) (Entry, error) {
	var fields [7]string
	rest, n := line, 0
	for found := true; found && n < len(fields); n++ {
		fields[n], rest, found = strings.Cut(rest, "\t")
		if fields[n] == "-" {
			fields[n] = ""
		}
	}
	if n != len(fields) || rest != "" {
		return Entry{}, fmt.Errorf("a line has not %d fields", len(fields))
	}
	e := Entry{CVE: "CVE-" + fields[0], Published: fields[1], Vectors: strings.Fields(fields[3]), Exploits: strings.Fields(fields[5])}
	if !harrier.IsCVE(e.CVE) {
		return Entry{}, fmt.Errorf("%q is no CVE id", e.CVE)
	}
	if e.Published != "" && !day(e.Published) {
		return Entry{}, fmt.Errorf("%s: %q is no day", e.CVE, e.Published)
	}
	for _, c := range strings.Fields(fields[2]) {
		number, err := strconv.Atoi(c)
		if err != nil || number <= 0 {
			return Entry{}, fmt.Errorf("%s: %q is no CWE", e.CVE, c)
		}
		e.CWEs = append(e.CWEs, number)
	}
	if err := e.parseKEV(fields[4]); err != nil {
		return Entry{}, err
	}
	for _, c := range strings.Fields(fields[6]) {
		claim, err := ParseClaim(c)
		if err != nil {
			return Entry{}, fmt.Errorf("%s: %w", e.CVE, err)
		}
		e.Claims = append(e.Claims, claim)
	}
	return e, nil
}

func (e *Entry) parseKEV(field string) error {
	if field == "" {
		return nil
	}
	parts := strings.Split(field, ";")
	if len(parts) != 5 || !strings.HasPrefix(field, "k") || !day(parts[0][1:]) || parts[1] != "" && !day(parts[1]) {
		return fmt.Errorf("%s: %q is no entry of the catalogue", e.CVE, field)
	}
	e.KEV = &KEV{Added: parts[0][1:], Due: parts[1], Ransomware: parts[2] == "r", Vendor: parts[3], Product: parts[4]}
	return nil
}

func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// signs are what a version can not have, since they part claims.
const signs = "[](),= \t|"

// String returns the text of c.
func (c *Claim) String() string {
	var b strings.Builder
	b.WriteString(c.Product)
	for _, r := range c.Ranges {
		from, to, open, end := r.From, r.Before, "[", ")"
		if r.After != "" {
			from, open = r.After, "("
		}
		if r.To != "" {
			to, end = r.To, "]"
		}
		b.WriteString(open + from + "," + to + end)
	}
	for _, v := range c.Versions {
		b.WriteString("=" + v)
	}
	return b.String()
}

var errClaim = errors.New("no claim about versions")

// ParseClaim reads the text of a claim.
func ParseClaim(s string) (Claim, error) {
	i := strings.IndexAny(s, "[(=")
	if i <= 0 || strings.ContainsAny(s[:i], signs) {
		return Claim{}, fmt.Errorf("%q: %w", s, errClaim)
	}
	c := Claim{Product: s[:i]}
	for rest := s[i:]; rest != ""; {
		var err error
		if rest[0] == '=' {
			end := strings.IndexAny(rest[1:], "[(=") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 || strings.ContainsAny(rest[1:end], signs) {
				return Claim{}, fmt.Errorf("%q: %w", s, errClaim)
			}
			c.Versions, rest = append(c.Versions, rest[1:end]), rest[end:]
			continue
		}
		var r harrier.Range
		if r, rest, err = cutRange(rest); err != nil {
			return Claim{}, fmt.Errorf("%q: %w", s, err)
		}
		c.Ranges = append(c.Ranges, r)
	}
	return c, nil
}

// cutRange reads the interval with which s starts.
func cutRange(s string) (r harrier.Range, rest string, err error) {
	end := strings.IndexAny(s, ")]")
	if end < 0 || s[0] != '[' && s[0] != '(' {
		return r, "", errClaim
	}
	from, to, ok := strings.Cut(s[1:end], ",")
	if !ok || strings.ContainsAny(from, signs) || strings.ContainsAny(to, signs) || s[0] == '(' && from == "" || s[end] == ']' && to == "" {
		return r, "", errClaim
	}
	if s[0] == '(' {
		r.After = from
	} else {
		r.From = from
	}
	if s[end] == ')' {
		r.Before = to
	} else {
		r.To = to
	}
	return r, s[end+1:], nil
}

// Add puts what other claims into c, each once.
func (c *Claim) Add(other Claim) {
	for _, r := range other.Ranges {
		if !slices.Contains(c.Ranges, r) {
			c.Ranges = append(c.Ranges, r)
		}
	}
	for _, v := range other.Versions {
		if !slices.Contains(c.Versions, v) {
			c.Versions = append(c.Versions, v)
		}
	}
}
