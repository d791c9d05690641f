package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/product"
)

var (
	vectorPattern  = regexp.MustCompile(`^CVSS:(?:3\.[01]|4\.0)/[A-Z]{1,3}:[A-Z](?:/[A-Z]{1,3}:[A-Z])+$`)
	dayPattern     = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	versionPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_~:-]{0,39}$`)
)

const maxFile = 8 << 20 // bytes of one file of a set

// each calls read for every file of a packed set, in its order.
func each(file string, read func(name string, text []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(r, maxFile))
		if err != nil {
			return err
		}
		if err := read(strings.TrimPrefix(h.Name, "./"), text); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// compareIDs orders CVE ids by year and number.
func compareIDs(a, b string) int {
	if c := cmp.Compare(a[:8], b[:8]); c != 0 {
		return c
	}
	x, _ := strconv.Atoi(a[9:]) // both are CVE ids
	y, _ := strconv.Atoi(b[9:])
	return cmp.Compare(x, y)
}

// compareRanges orders ranges by where they begin, then end.
func compareRanges(a, b harrier.Range) int {
	if c := byNumbers(a.From+a.After, b.From+b.After); c != 0 {
		return c
	}
	if c := byNumbers(a.Before+a.To, b.Before+b.To); c != 0 {
		return c
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// byNumbers orders versions by their numbers, well enough for people to read.
func byNumbers(a, b string) int {
	for a != "" && b != "" {
		x, y := strings.IndexByte(a, '.'), strings.IndexByte(b, '.')
		if x < 0 {
			x = len(a)
		}
		if y < 0 {
			y = len(b)
		}
		m, _ := strconv.Atoi(a[:x]) // no number sorts as 0
		n, _ := strconv.Atoi(b[:y])
		if c := cmp.Or(cmp.Compare(m, n), cmp.Compare(a[:x], b[:y])); c != 0 {
			return c
		}
		a, b = strings.TrimPrefix(a[x:], "."), strings.TrimPrefix(b[y:], ".")
	}
	return cmp.Compare(len(a), len(b))
}

// own takes an entry that was written by hand.
func (c *collection) own(o *builtin.Own) {
	d := c.entry(o.CVE)
	d.published(o.Published)
	for _, n := range o.CWEs {
		d.cwe(strconv.Itoa(n))
	}
	for _, v := range o.Vectors {
		d.vector(byHand, v)
	}
	for _, claim := range o.Claims {
		d.claim(byHand, claim)
	}
}

// claimOf makes a claim about p of ranges and versions, leaving out what is no
// version.
func claimOf(p *product.Product, ranges []harrier.Range, versions []string) builtin.Claim {
	claim := builtin.Claim{Product: p.Slug()}
	for _, r := range ranges {
		ok := r.Before+r.To+r.From+r.After != ""
		for _, end := range []string{r.From, r.After, r.Before, r.To} {
			ok = ok && (end == "" || versionPattern.MatchString(end) && strings.ContainsAny(end, "0123456789"))
		}
		if ok {
			claim.Add(builtin.Claim{Ranges: []harrier.Range{r}})
		}
	}
	for _, v := range versions {
		if versionPattern.MatchString(v) && strings.ContainsAny(v, "0123456789") {
			claim.Add(builtin.Claim{Versions: []string{v}})
		}
	}
	return claim
}

// start is the lower end of a range; "" for one that stands for all versions.
func start(v string) string {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "0", "0.0", "0.0.0", "*", "-", "unspecified", "unknown", "n/a", "all", "none", "next of 0":
		return ""
	}
	return clean(v)
}

// clean takes off what people write around a version.
func clean(v string) string {
	v = strings.TrimSpace(v)
	if len(v) > 1 && (v[0] == 'v' || v[0] == 'V') && v[1] >= '0' && v[1] <= '9' {
		v = v[1:]
	}
	return strings.ReplaceAll(v, `\`, "")
}
