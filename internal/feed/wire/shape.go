package wire

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// The most that is kept of a text, of a line of it, such as a title, and of a
// word: an id, a version, a name.
const (
	MaxText = 64 << 10
	MaxLine = 1 << 10
	MaxWord = 256
)

// The most references that a record has, and bytes of one.
const (
	maxLinks = 1000
	maxURL   = 2048
)

// maxCWEs bounds the weaknesses of a record.
const maxCWEs = 100

// CVE returns the CVE id that s is, in upper case: "CVE-", four digits of a year
// and at least four further ones.
//
// Source: CVE Record Format 5.1, cveId.
func CVE(s string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	return s, harrier.IsCVE(s)
}

// CVEOf returns the CVE id that s is, or that a publisher's own name for it ends
// with ("UBUNTU-CVE-2024-6387"), in upper case; "" when there is none.
func CVEOf(s string) string {
	if i := strings.LastIndex(strings.ToUpper(s), "-CVE-"); i > 0 && i+1 < len(s) {
		s = s[i+1:]
	}
	if id, ok := CVE(s); ok {
		return id
	}
	return ""
}

// Text is s without what no text has: blanks around it, control characters, and
// what is over MaxText.
func Text(s string) string { return clean(s, MaxText, true) }

// Line is s as one line of no more than MaxLine bytes, such as a title.
func Line(s string) string { return line(s, MaxLine) }

// Word is s as one line of no more than MaxWord bytes, such as an id, a version
// or a name.
func Word(s string) string { return line(s, MaxWord) }

// line folds white space.
func line(s string, most int) string {
	s = clean(s, most, false)
	if strings.Contains(s, "  ") || strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f && unicode.IsSpace(r) }) {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

func clean(s string, most int, lines bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, control) >= 0 {
		s = strings.Map(func(r rune) rune {
			switch {
			case (r == '\n' || r == '\t') && lines:
				return r
			case unicode.IsSpace(r) && !lines:
				return ' '
			case control(r):
				return -1
			}
			return r
		}, s)
	}
	if s = strings.TrimSpace(s); len(s) > most {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:most], ""))
	}
	return s
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// layouts are the ways that publishers write instants; without a zone they are
// UTC.
var layouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04",
}

// Time reads the dates that publishers write: RFC 3339 with and without a zone,
// which is UTC then, and a day. It is zero for anything else, and for what is
// before 1970: there were no vulnerabilities that anybody wrote about.
func Time(s string) time.Time {
	s = strings.TrimSpace(s)
	if len(s) == len(time.DateOnly) {
		return since1970(time.DateOnly, s)
	}
	if len(s) < len(time.DateOnly) || len(s) > 40 {
		return time.Time{}
	}
	for _, layout := range layouts {
		if t := since1970(layout, s); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func since1970(layout, s string) time.Time {
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1970 {
		return time.Time{}
	}
	return t.UTC()
}

// CWE returns the number of a weakness: of "CWE-79", or of a text that begins
// with it. It is 0 for anything else.
func CWE(s string) int {
	s = strings.TrimSpace(s)
	if len(s) < 5 || !strings.EqualFold(s[:4], "CWE-") {
		return 0
	}
	s = s[4:]
	if end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		s = s[:end]
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > 99_999 {
		return 0
	}
	return n
}

// AddCWE adds the weakness that s begins with, once.
func AddCWE(list []int, s string) []int {
	if n := CWE(s); n != 0 && len(list) < maxCWEs && !slices.Contains(list, n) {
		return append(list, n)
	}
	return list
}

// Score makes a score of a CVSS vector and its base, and reports whether both
// are possible. The vector tells the version.
func Score(vector string, base float64, by string, primary bool) (harrier.Score, bool) {
	vector = strings.Trim(strings.TrimSpace(vector), "()")
	version := "2.0"
	if rest, ok := strings.CutPrefix(vector, "CVSS:"); ok {
		version, _, _ = strings.Cut(rest, "/")
	}
	ok := slices.Contains([]string{"2.0", "3.0", "3.1", "4.0"}, version) && base >= 0 && base <= 10 && !math.IsNaN(base) &&
		len(vector) <= MaxWord && strings.IndexFunc(vector, notVector) < 0 && strings.Contains(vector, "/")
	return harrier.Score{Version: version, Vector: vector, Base: base, By: Word(by), Primary: primary}, ok
}

func notVector(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != ':' && r != '/' && r != '.'
}

// Links collects references, each once.
type Links struct {
	list []harrier.Reference
	at   map[string]int
}

// Add adds a link with its tags, or the tags to the link that is there. What is
// no http, https or ftp address is left out, and tags that only say how a
// record came about ("x_transferred").
func (l *Links) Add(address string, tags ...string) {
	address = strings.TrimSpace(address)
	i, seen := l.at[address]
	if !seen {
		if len(l.list) >= maxLinks || !isWeb(address) {
			return
		}
		if l.at == nil {
			l.at = make(map[string]int, 8)
		}
		i = len(l.list)
		l.at[address] = i
		l.list = append(l.list, harrier.Reference{URL: address})
	}
	ref := &l.list[i]
	for _, tag := range tags {
		tag = strings.ReplaceAll(strings.ToLower(Word(tag)), " ", "-")
		if tag != "" && !strings.HasPrefix(tag, "x_") && len(ref.Tags) < 20 && !slices.Contains(ref.Tags, tag) {
			ref.Tags = append(ref.Tags, tag)
		}
	}
}

func isWeb(address string) bool {
	if len(address) > maxURL || !utf8.ValidString(address) || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ftp")
}

// List returns the links in the order in which they came.
func (l *Links) List() []harrier.Reference { return l.list }

// Names collects names, each once.
type Names struct {
	seen map[string]bool
	List []string
}

// mostNames is how many names of one record are kept: a kernel's advisory
// speaks of hundreds of CVEs.
const mostNames = 5000

// Add adds a name that is not empty and of at most 100 bytes.
func (n *Names) Add(name string) {
	if name == "" || len(name) > 100 || len(n.List) >= mostNames || n.seen[name] || !utf8.ValidString(name) {
		return
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	n.seen[name] = true
	n.List = append(n.List, name)
}
