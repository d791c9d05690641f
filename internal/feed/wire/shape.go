package wire

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// The most that is kept of a text, and of a word: an id, a version, a name.
const (
	MaxText = 64 << 10
	MaxWord = 256
)

// maxLinks bounds the references of a record.
const maxLinks = 1000

// CVE returns the CVE id that s is, in upper case: "CVE-", four digits of a year
// and at least four further ones.
//
// Source: CVE Record Format 5.1, cveId.
func CVE(s string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	rest, ok := strings.CutPrefix(s, "CVE-")
	if !ok {
		return "", false
	}
	year, number, ok := strings.Cut(rest, "-")
	return s, ok && len(year) == 4 && len(number) >= 4 && len(number) <= 19 && digits(year) && digits(number)
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// Text is s without what no text has: blanks around it, control characters, and
// what is over MaxText.
func Text(s string) string { return clean(s, MaxText, true) }

// Word is s as one line of no more than MaxWord bytes.
func Word(s string) string { return clean(s, MaxWord, false) }

func clean(s string, most int, lines bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, control) >= 0 {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\n' && lines:
				return r
			case r == '\n', r == '\t':
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

// Time reads the dates that publishers write: RFC 3339 with and without a zone,
// which is UTC then, and a day. It is zero for anything else.
func Time(s string) time.Time {
	s = strings.TrimSpace(s)
	layouts := []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00"}
	if len(s) == len(time.DateOnly) {
		layouts = []string{time.DateOnly}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
			return t.UTC()
		}
	}
	return time.Time{}
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
	if n := CWE(s); n != 0 && len(list) < maxLinks && !slices.Contains(list, n) {
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
func (l *Links) Add(address string, tags []string) {
	address = strings.TrimSpace(address)
	if len(address) > 2048 || strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		return
	}
	i, seen := l.at[address]
	if !seen {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ftp" || u.Host == "" || len(l.list) >= maxLinks {
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

// List returns the links in the order in which they came.
func (l *Links) List() []harrier.Reference { return l.list }

// Number is a number that some write as one and others as a string.
type Number float64

// UnmarshalJSON answers Invalid for what is neither.
func (n *Number) UnmarshalJSON(data []byte) error {
	s := string(data)
	if len(s) >= 2 && s[0] == '"' {
		if err := json.Unmarshal(data, &s); err != nil {
			return Broken(err)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return harrier.Errorf(harrier.Invalid, "%.40q is no number", s)
	}
	*n = Number(v)
	return nil
}
