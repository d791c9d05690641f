package jsonfeed

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// How much of a publisher's texts and links is kept.
const (
	MostText = 32 << 10
	MostLine = 1 << 10
	MostURL  = 2 << 10
)

// Text is a string, or "" where the publisher wrote another kind of value.
type Text string

// UnmarshalJSON takes any value.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) < 2 || b[0] != '"':
		return nil
	case bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b): // most are: nothing to resolve
		*t = Text(b[1 : len(b)-1])
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = Text(s)
	}
	return nil
}

// Texts are the strings of an array, or the one that stands for it. What is no
// string is left out.
type Texts []string

// UnmarshalJSON takes any value.
func (t *Texts) UnmarshalJSON(b []byte) error {
	*t = nil
	var one Text
	if len(b) > 0 && b[0] == '"' && one.UnmarshalJSON(b) == nil && one != "" {
		*t = Texts{string(one)}
		return nil
	}
	var many []Text
	if len(b) > 0 && b[0] == '[' && json.Unmarshal(b, &many) == nil {
		for _, s := range many {
			if s != "" {
				*t = append(*t, string(s))
			}
		}
	}
	return nil
}

// layouts are the ways that publishers write instants; without a zone they are
// UTC.
var layouts = []string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05"}

// Time reads an instant or a day; what is none, or before the year 1970, is the
// zero time.
func Time(s string) time.Time {
	s = strings.TrimSpace(s)
	if len(s) < len("2006-01-02") || len(s) > 40 {
		return time.Time{}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Clip returns s without white space around it, cut to at most n bytes, and
// with what is no UTF-8 replaced.
func Clip(s string, n int) string {
	s = strings.TrimSpace(s)
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Line returns s as one line of at most MostLine bytes.
func Line(s string) string {
	return strings.Join(strings.Fields(Clip(s, MostLine)), " ")
}

// CVE returns the CVE id that s is, or that a publisher's own name for it ends
// with ("UBUNTU-CVE-2024-6387"), in upper case; "" when there is none.
func CVE(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if i := strings.LastIndex(s, "CVE-"); i > 0 && s[i-1] == '-' {
		s = s[i:]
	}
	if !harrier.IsCVE(s) {
		return ""
	}
	return s
}

// CWE reads "CWE-79"; false for anything else.
func CWE(s string) (int, bool) {
	digits, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), "CWE-")
	if !ok || len(digits) > 5 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), err == nil && n > 0
}

// Links collects references, each address once.
type Links struct {
	seen map[string]bool
	List []harrier.Reference
}

// mostLinks is how many references of one record are kept.
const mostLinks = 500

// Add adds an address when it is one of the web.
func (l *Links) Add(url string, tags ...string) {
	url = strings.TrimSpace(url)
	if len(url) > MostURL || len(l.List) >= mostLinks || l.seen[url] || !utf8.ValidString(url) || !isWeb(url) {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[url] = true
	l.List = append(l.List, harrier.Reference{URL: url, Tags: tags})
}

func isWeb(url string) bool {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || rest == "" || strings.ContainsAny(url, " \t\r\n\"<>") {
		return false
	}
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "ftp")
}

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
