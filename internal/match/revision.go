package match

import (
	"regexp"
	"strings"
)

// reUpstream is the maker's version at the start of what a service shows.
var reUpstream = regexp.MustCompile(`^v?\d+(?:\.\d+)*(?:\.?(?:M|RC|Beta|Alpha)\d+|[a-z]+\d*(?:\.\d+)*)?(?:-(?:(?:rc|alpha|beta|M|P|S|pre|preview|dev)\.?\d+|(?:rc|alpha|beta|pre|preview|dev|SNAPSHOT)\b))?`)

// reRun is the text of a version of a package.
var reRun = regexp.MustCompile(`^[A-Za-z0-9.+~:_]+(?:-[0-9][A-Za-z0-9.+~_]*)?`)

// rePackaged is what makes such a text a package's: the mark of a distribution.
var rePackaged = regexp.MustCompile(`deb(?:ian)?\d+|ubuntu|~bpo|\.el\d|\.fc\d|\.amzn\d|\+rpt|\+rpi|maria~|pgdg|sury\.org`)

// shown is what a text tells of the version of one product.
type shown struct {
	Upstream string // the maker's version
	Package  string // version of the package, mostly without its epoch; "" when it does not show
	Origin   Origin
}

// readVersion finds the maker's version in what a service gives as its own, and
// in texts the version of the package with the distribution that built it.
// What stands elsewhere in the texts belongs to other software.
func readVersion(version string, texts []string) shown {
	q := versionTexts{version: version}
	size := 256 + len(version)
	for _, t := range texts {
		size += len(t)
	}
	if len(texts) > len(q.texts) || size > 8*maxOrigin {
		return findVersion(version, texts)
	}
	copy(q.texts[:], texts)
	if v, ok := versionsRead.get("", q); ok {
		return v
	}
	q.version = strings.Clone(version) // what is kept holds no longer text alive
	for i := range texts {
		q.texts[i] = strings.Clone(texts[i])
	}
	v := findVersion(q.version, q.texts[:len(texts)])
	versionsRead.put("", q, v, size)
	return v
}

// versionTexts is what readVersion depends on.
type versionTexts struct {
	version string
	texts   [4]string
}

// versionsRead keeps what was found: many hosts show the same texts. The lists in
// it are shared.
var versionsRead = memo[versionTexts, shown]{limit: keptTexts}

// findVersion is readVersion without a memory.
func findVersion(version string, texts []string) shown {
	version = strings.TrimSpace(version)
	if strings.HasPrefix(version, "5.5.5-") && strings.Contains(version, "MariaDB") {
		version = version[len("5.5.5-"):] // keeps old replication clients from giving up
	}
	v := shown{Upstream: version}
	if i := strings.IndexAny(version, " \t,"); i >= 0 {
		v.Upstream = version[:i]
	}
	head := reUpstream.FindString(version)
	if head == "" {
		return v
	}
	if rest := version[len(head):]; rest == "" || strings.IndexByte(" +~-_,;", rest[0]) >= 0 {
		v.Upstream = head
	}
	for _, text := range texts {
		if len(text) > maxOrigin {
			text = text[:maxOrigin]
		}
		if v.near(text, head) {
			break
		}
	}
	if v.Package != "" {
		v.Upstream = strings.TrimPrefix(v.Upstream, "v")
	}
	return v
}

// near looks at what follows the version head in text, and reports whether it
// told the version of the package.
func (v *shown) near(text, head string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], head)
		if i < 0 {
			return false
		}
		at := from + i
		from = at + len(head)
		if at > 0 && (isDigit(text[at-1]) || text[at-1] == '.' && at > 1 && isDigit(text[at-2])) {
			continue // the end of another version
		}
		if v.after(text, head, text[from:]) {
			return true
		}
	}
}

func (v *shown) after(text, head, rest string) bool {
	packaged := func(upstream, revision string, o Origin) bool {
		revision, _ = strings.CutSuffix(revision, "-log")
		revision = strings.TrimRight(revision, ".:")
		revision = cutEpoch(revision)
		o.Own = true
		o.Sign = oneLine(text)
		if o.Distribution == "" && !o.Foreign {
			return false
		}
		v.Package, v.Origin = revision, o
		if upstream != "" {
			v.Package = upstream + "-" + revision
		}
		return true
	}
	for _, word := range []string{" Debian-", " Ubuntu-", " Raspbian-"} {
		if after, ok := strings.CutPrefix(rest, word); ok && after != "" && isDigit(after[0]) {
			revision := reRun.FindString(after)
			o := readOrigin(revision)
			if name := strings.ToLower(strings.Trim(word, " -")); o.Distribution == "" || name == "raspbian" {
				o.Distribution = name
			}
			return packaged(packageUpstream(head), revision, o)
		}
	}
	if after, ok := strings.CutPrefix(rest, "-MariaDB-"); ok {
		revision := reRun.FindString(after)
		if o := readOrigin(revision); rePackaged.MatchString(revision) {
			return packaged(head, revision, o)
		}
		return false
	}
	if _, after, ok := strings.Cut(rest, "RedHat-"); ok && strings.HasPrefix(rest, "-") {
		full := strings.TrimRight(longRun(after), ".-")
		return rePackaged.MatchString(full) && packaged("", full, readOrigin(full))
	}
	if strings.HasPrefix(rest, "-") {
		run := strings.TrimPrefix(longRun(rest[1:]), "-")
		debian := strings.HasSuffix(run, "-Debian") || strings.HasSuffix(run, "-Ubuntu")
		revision := run
		if debian {
			revision = run[:strings.LastIndexByte(run, '-')]
		}
		if revision != "" && isDigit(revision[0]) && (debian || rePackaged.MatchString(revision)) {
			return packaged(head, revision, readOrigin(run))
		}
	}
	// "(Debian 15.6-0+deb12u1)" stands behind the same version once more, so
	// that only what is in parentheses at once is left: "(Ubuntu)".
	if inner, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "("); ok {
		inner, _, _ = strings.Cut(inner, ")")
		v.mark(inner, text)
	} else if word, ok := strings.CutPrefix(rest, "-"); ok {
		v.mark(longRun(word), text)
	}
	return false
}

// mark notes the distribution of the service where no package version shows.
func (v *shown) mark(word, text string) {
	if o := readOrigin(word); o.Distribution != "" && v.Origin.Distribution == "" {
		o.Own, o.Sign = true, oneLine(text)
		v.Origin = o
	}
}

// packageUpstream is the maker's version in a package's, where the banner has
// another: OpenSSH 6.6.1 calls itself so, and is packaged as 6.6.
func packageUpstream(v string) string {
	if v == "6.6.1p1" {
		return "6.6p1"
	}
	return v
}

// longRun is the text of versions and words joined by hyphens.
func longRun(s string) string {
	i := 0
	for i < len(s) && (isDigit(s[i]) || isLetter(s[i]) || strings.IndexByte(".+~:_-", s[i]) >= 0) {
		i++
	}
	return s[:i]
}
