// Package alpine reads Alpine Linux's security database: for each branch and
// repository, the versions of its packages that mended something.
//
// Source: https://secdb.alpinelinux.org/.
package alpine

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
	"github.com/harrier-scan/harrier/internal/version"
)

const (
	source = "alpine"
	home   = "https://secdb.alpinelinux.org/"
)

// The branches that are fetched: their numbers rise by one every half year, in
// May and November, and 22 is of May 2025.
const (
	oldestBranch = 10
	knownBranch  = 22
	knownYear    = 2025
)

// Format reads the files of secdb.alpinelinux.org, one per branch and repository.
// A record speaks of one name in one package of one of them, and is named after
// all three.
var Format = feed.Format{
	Name: source, Title: "Alpine security database", Publisher: "Alpine Linux", Home: home, Licence: "of the Alpine Linux project", Class: feed.Distribution,
	Remotes: remotes,
	Wants:   func(name string) bool { return strings.HasSuffix(name, ".json") },
	Read:    read,
}

// remotes are the files of the rolling branch and of every one that was released
// at a time.
func remotes(now time.Time) []feed.Remote {
	newest := knownBranch + 2*(now.Year()-knownYear)
	switch now.Month() {
	case time.January, time.February, time.March, time.April, time.May:
		newest--
	case time.December:
		newest++
	default:
	}
	branches := []string{"edge"}
	for n := max(newest, oldestBranch); n >= oldestBranch; n-- {
		branches = append(branches, "v3."+strconv.Itoa(n))
	}
	var out []feed.Remote
	for _, branch := range branches {
		for _, repo := range []string{"main", "community"} {
			out = append(out, feed.Remote{Name: branch + "-" + repo + ".json", URL: home + branch + "/" + repo + ".json", Pause: time.Second})
		}
	}
	return out
}

// mostBytes bounds what is said about one package.
const mostBytes = 4 << 20

// pkg is one element of "packages".
type pkg struct {
	Pkg struct {
		Name wire.String `json:"name"`
		// Fixes are names of weaknesses by the version that mended them.
		Fixes map[string]wire.Strings `json:"secfixes"`
	} `json:"pkg"`
}

var (
	errBranch = harrier.Errorf(harrier.Invalid, "neither the file nor its name says which branch it is about")
	errName   = errors.New("not the name of a package")
)

func read(name string, r io.Reader, to feed.Sink) error {
	// The branch stands before the packages; where it does not, the file's name has
	// it.
	in := wire.NewJSON(r, mostBytes)
	var branch, repo wire.String
	return in.Object(func(key string) error {
		switch key {
		case "distroversion":
			return in.Decode(&branch)
		case "reponame":
			return in.Decode(&repo)
		case "packages":
			where, ok := whereOf(string(branch), string(repo), name)
			if !ok {
				return errBranch
			}
			return packages(in, where, to)
		}
		return in.Skip()
	})
}

// place is the branch and the repository that a file is about.
type place struct{ branch, repo string }

// whereOf returns what a file is about, by its contents or else by its name:
// "v3.19/main.json", "edge-community.json".
func whereOf(branch, repo, name string) (place, bool) {
	parts := strings.FieldsFunc(strings.TrimSuffix(name, ".json"), func(c rune) bool { return c == '/' || c == '-' })
	if n := len(parts); n >= 2 {
		if branch == "" {
			branch = parts[n-2]
		}
		if repo == "" {
			repo = parts[n-1]
		}
	}
	branch = strings.ToLower(strings.TrimPrefix(branch, "v"))
	ok := branch == "edge" || branch != "" && len(branch) < 10 && strings.Trim(branch, "0123456789.") == ""
	return place{branch, wire.Line(repo)}, ok
}

func packages(in *wire.JSON, where place, to feed.Sink) error {
	err := in.Array(func() error {
		var p pkg
		return in.Each(&p, func(fault error) error {
			if fault != nil {
				to.Bad(wire.Line(string(p.Pkg.Name)), fault)
				return nil
			}
			return put(where, &p, to)
		})
	})
	if wire.IsFault(err) { // "packages" is null where a branch has none
		return nil
	}
	return err
}

// never is the version of what a package never had.
const never = "0"

func put(where place, p *pkg, to feed.Sink) error {
	name := string(p.Pkg.Name)
	if name == "" || len(name) > 100 || strings.ContainsAny(name, " \t\n\x00\uFFFD") {
		to.Bad(wire.Line(name), errName)
		return nil
	}
	fixes := fixedAt(p)
	for _, id := range slices.Sorted(maps.Keys(fixes)) {
		fixed := fixes[id]
		rec := harrier.Record{Source: source, ID: id + " " + name + " " + where.branch + "/" + where.repo}
		if cve := wire.CVEOf(id); cve != "" {
			rec.CVEs = []string{cve}
			rec.References = []harrier.Reference{{URL: "https://security.alpinelinux.org/vuln/" + cve, Tags: []string{"vendor-advisory"}}}
		} else {
			rec.Aliases = []string{id}
		}
		a := harrier.Affected{
			Package: harrier.Package{Ecosystem: "apk/alpine/" + where.branch, Name: name},
			Status:  harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: fixed}},
		}
		if fixed == never {
			a.Status, a.Otherwise, a.Ranges = harrier.StatusNotAffected, harrier.StatusUnknown, nil
		}
		rec.Affected = []harrier.Affected{a}
		if err := to.Put(&rec); err != nil {
			return err
		}
	}
	return nil
}

// fixedAt returns the version that mended each name. A name at two versions was
// mended wholly by the newer one only.
func fixedAt(p *pkg) map[string]string {
	out := map[string]string{}
	for fixed, lines := range p.Pkg.Fixes {
		fixed = strings.TrimSpace(fixed)
		if fixed == "" || len(fixed) > 100 {
			continue
		}
		for _, line := range lines {
			for _, id := range ids(line) {
				if old, ok := out[id]; !ok || cmp.Or(version.Compare(version.APK, fixed, old), cmp.Compare(fixed, old)) > 0 {
					out[id] = fixed
				}
			}
		}
	}
	return out
}

// ids splits a line of names, which can be several, and have remarks behind them:
// "CVE-2017-2616 (+ regression fix)", "CVE-2019-1 CVE-2019-2", "CVE-2020-1/GHSA-x".
func ids(line string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(line, func(c rune) bool { return c <= ' ' || strings.ContainsRune(",;/()[]?", c) }) {
		word = strings.Trim(word, ".:")
		kind, rest, ok := strings.Cut(word, "-")
		if !ok || rest == "" || len(word) > 60 {
			continue
		}
		switch kind = strings.ToUpper(kind); {
		case kind == "CVE" && !harrier.IsCVE(word):
			continue // "CVE-2019-XXXX"
		case kind == "CVE":
			out = append(out, strings.ToUpper(word))
		case kinds[kind]:
			out = append(out, strings.ToValidUTF8(word, "?"))
		}
	}
	return out
}

// kinds are the words that names which are no CVE ids begin with.
var kinds = map[string]bool{
	"GHSA": true, "XSA": true, "ZBX": true, "RUSTSEC": true, "GNUTLS": true, "ALPINE": true, "TALOS": true, "GO": true, "PYSEC": true,
	"ALP": true, "CNVD": true, "SA": true, "TS": true, "MFSA": true, "DSA": true, "PVE": true,
}
