package osv

import (
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/version"
)

// statements turns what a record says about packages into Harrier's words, and
// what it says about products that it names by CPE: the same versions.
func statements(d database, rec *record) []harrier.Affected {
	var out []harrier.Affected
	for i := range rec.Affected {
		if len(out) >= mostAffected {
			break
		}
		a := &rec.Affected[i]
		p, ok := packageOf(string(a.Package.Ecosystem), string(a.Package.Name))
		if !ok {
			continue
		}
		said := harrier.Affected{Package: p, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected}
		said.Ranges, said.Versions = versions(version.SchemeOf(p.Ecosystem), a)
		if len(said.Ranges) == 0 && len(said.Versions) == 0 {
			continue // commits only: nothing is said of any version
		}
		if d.class == feed.Distribution && !strings.Contains(string(rec.ID), "CVE-") {
			said.Advisory = string(rec.ID)
		}
		out = append(out, said)
		if len(rec.Affected) == 1 { // of several packages it is not clear whose the products are
			for _, name := range products(rec.Specific.CPEs) {
				said.Package, said.CPE = harrier.Package{}, name
				out = append(out, said)
			}
		}
	}
	return out
}

// versions returns the ranges of versions and the versions that are affected
// beside them, in the order of a scheme. Ranges of commits are left out.
func versions(scheme string, a *affected) (in []harrier.Range, single []string) {
	n := 0
	for _, r := range a.Ranges {
		if r.Type == "GIT" {
			continue
		}
		if n += len(r.Events); n > mostEvents {
			break
		}
		in = append(in, spans(scheme, r.Events)...)
	}
	list := a.Versions
	if len(list) > mostVersions {
		list = list[:mostVersions]
	}
	// A record lists the versions that it knows in its ranges, too.
	costly := len(list)*len(in) > 1_000_000
	for _, v := range list {
		if v = strings.TrimSpace(v); v != "" && len(v) <= 200 && (costly || !within(scheme, v, in)) {
			single = append(single, v)
		}
	}
	return in, single
}

// products returns the products of a list of CPEs, each once and without a
// version: the record's ranges have those. Of the forms of one product the most
// general is taken.
func products(cpes []string) []string {
	if len(cpes) > mostCPEs {
		cpes = cpes[:mostCPEs]
	}
	var keys []string
	best := map[string][]string{}
	for _, name := range cpes {
		f := fields(name)
		if f == nil {
			continue
		}
		f[5], f[6] = "*", "*" // version and update
		key := strings.Join(f[2:5], ":")
		if _, ok := best[key]; !ok {
			keys = append(keys, key)
		}
		if best[key] == nil || general(f) > general(best[key]) {
			best[key] = f
		}
	}
	for i, key := range keys {
		keys[i] = strings.Join(best[key], ":")
	}
	return keys
}

// fields splits a CPE 2.3 formatted string into its 13 fields; nil when it is
// none.
func fields(name string) []string {
	if len(name) > 500 || !strings.HasPrefix(name, "cpe:2.3:") {
		return nil
	}
	var f []string
	start := 0
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case ':':
			f = append(f, name[start:i])
			start = i + 1
		}
	}
	f = append(f, name[start:])
	if len(f) != 13 || f[2] == "" || f[3] == "" || f[4] == "" || f[3] == "*" || f[4] == "*" {
		return nil
	}
	return f
}

func general(f []string) int {
	n := 0
	for _, s := range f[7:] {
		if s == "*" {
			n++
		}
	}
	return n
}
