package product

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The list is plain text to be read and changed by hand. Of its lines, empty
// ones and those that start with "#" do not count. A line "@ FAMILY | SERVICES"
// sets both for the products below it. A product is one line of fields, with
// "|" between them; lists within a field have "," between their values, makers
// ";":
//
//	NAME | CPES | WHAT | VERSIONS | HOME | PACKAGES | MAKERS | NAMES
//
// CPES have spaces between them, and no part where it is "a". VERSIONS is the
// scheme and the numbers that a version needs: "dotted 3". A package is its
// kinds and a name: "deb+rpm+apk nginx". The last three fields can be left out.
//
//go:embed list/*.txt
var list embed.FS

// Edition changes with the list, which is part of the program.
var Edition = sync.OnceValue(func() string {
	h := sha256.New()
	files, _ := fs.Glob(list, "list/*.txt") // the pattern is right
	for _, file := range files {
		text, _ := list.ReadFile(file) // it was just listed
		_, _ = h.Write(text)           // never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
})

type tables struct {
	all       []*Product
	bySlug    map[string]*Product
	byCPE     map[string]*Product
	byName    map[string]*Product
	byMaker   map[string]*Product
	byPackage map[Package][]*Product
	speaking  map[string][]*Product
}

var table = sync.OnceValue(func() *tables {
	t := &tables{
		bySlug: make(map[string]*Product, 1000),
		byCPE:  make(map[string]*Product, 1000), byName: make(map[string]*Product, 1000), byMaker: make(map[string]*Product, 500),
		byPackage: make(map[Package][]*Product, 1000), speaking: make(map[string][]*Product, 100),
	}
	files, _ := fs.Glob(list, "list/*.txt") // the pattern is right
	for _, file := range files {
		text, _ := list.ReadFile(file) // it was just listed
		products, err := parse(strings.TrimSuffix(path.Base(file), ".txt"), string(text))
		if err != nil {
			panic("product: " + err.Error()) // a test reads the same list
		}
		for _, p := range products {
			t.add(p)
		}
	}
	return t
})

func (t *tables) add(p *Product) {
	t.all = append(t.all, p)
	t.bySlug[p.Slug()] = p
	for _, c := range p.CPEs {
		t.byCPE[c] = p
	}
	t.byName[strings.ToLower(p.Name)] = p
	for _, n := range p.Names {
		t.byName[n] = p
	}
	for _, m := range p.Makers {
		t.byMaker[m] = p
	}
	for _, k := range p.Packages {
		t.byPackage[k] = append(t.byPackage[k], p)
	}
	for _, s := range p.Speaks {
		t.speaking[s] = append(t.speaking[s], p)
	}
}

// parse reads one file of the list.
func parse(group, text string) ([]*Product, error) {
	var out []*Product
	family, speaks := "", []string(nil)
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "@"); ok {
			var services string
			family, services, _ = strings.Cut(rest, "|")
			family, speaks = strings.TrimSpace(family), values(services, ",")
			continue
		}
		p, err := parseProduct(line)
		if err != nil {
			return nil, fmt.Errorf("%s.txt:%d: %w", group, n, err)
		}
		p.Family, p.Speaks, p.Group = family, speaks, group
		out = append(out, p)
	}
	return out, nil
}

func parseProduct(line string) (*Product, error) {
	fields := strings.Split(line, "|")
	if len(fields) < 5 || len(fields) > 8 {
		return nil, fmt.Errorf("%d fields, where 5 to 8 are wanted", len(fields))
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	fields = append(fields, "", "", "")
	p := &Product{
		Name: fields[0], What: fields[2], Home: fields[4],
		Makers: values(fields[6], ";"), Names: values(fields[7], ","),
	}
	for _, c := range strings.Fields(fields[1]) {
		if strings.Count(c, ":") == 1 {
			c = "a:" + c
		}
		p.CPEs = append(p.CPEs, c)
	}
	scheme, parts, _ := strings.Cut(fields[3], " ")
	var err error
	p.Scheme = scheme
	if p.Parts, err = strconv.Atoi(parts); err != nil {
		return nil, fmt.Errorf("versions %q: %w", fields[3], err)
	}
	for _, v := range values(fields[5], ",") {
		kinds, name, ok := strings.Cut(v, " ")
		if !ok {
			return nil, fmt.Errorf("package %q has no name", v)
		}
		for _, kind := range strings.Split(kinds, "+") {
			p.Packages = append(p.Packages, Package{Kind: kind, Name: strings.TrimSpace(name)})
		}
	}
	return p, nil
}

// values cuts a list into its values, without the empty ones.
func values(s, separator string) []string {
	out := strings.Split(s, separator)
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return slices.DeleteFunc(out, func(v string) bool { return v == "" })
}
