package nexpose

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Slug is the id of a vulnerability: lower case, of letters, digits, ".", "_"
// and "-".
//
// Source: section 1.8.
func Slug(v harrier.Vulnerability) string {
	s := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
			return c
		}
		return '-'
	}, v.Slug)
	return cmp.Or(s[:min(len(s), maxSlug)], numbered+strconv.Itoa(int(v.ID)))
}

// numbered begins the id of a vulnerability without a slug.
const numbered = "plugin-"

const maxSlug = 255

// Number is the vulnerability that an id made of a number stands for; false for
// other ids.
func Number(id string) (harrier.VulnID, bool) {
	rest, ok := strings.CutPrefix(id, numbered)
	n, err := strconv.ParseInt(rest, 10, 32)
	return harrier.VulnID(n), ok && err == nil
}

// Vector is the CVSS version 2 vector in its parentheses: that of no impact for
// a vulnerability without any score, and "" where only version 3 is known.
func Vector(v harrier.Vulnerability) string {
	switch {
	case v.CVSS2Vector != "":
		return "(" + strings.Trim(strings.TrimPrefix(v.CVSS2Vector, "CVSS2#"), "()") + ")"
	case v.CVSS3Score == 0 && v.CVSS2Score == 0:
		return "(AV:N/AC:L/Au:N/C:N/I:N/A:N)"
	}
	return ""
}

// Score is the CVSS score of version 2, else that of version 3, with its one
// decimal.
func Score(v harrier.Vulnerability) string {
	return strconv.FormatFloat(cmp.Or(v.CVSS2Score, v.CVSS3Score), 'f', 1, 64)
}

// Stamp is a date and time as the API and its files write it; "" for none.
//
// Source: section 1.8.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	return t.Format("20060102T150405") + t.Format(".000")[1:]
}

// firstDay is when the catalogue was begun: a definition that does not say when
// it was added has been there since.
var firstDay = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Added is when a vulnerability was added to the catalogue, and when it was
// changed last. Readers want both, so that one stands in for the other.
func Added(v harrier.Vulnerability) (added, modified time.Time) {
	added, modified = v.Added, v.Modified
	for _, t := range []time.Time{modified, firstDay} {
		if added.IsZero() {
			added = t
		}
	}
	if modified.IsZero() {
		modified = added
	}
	return added, modified
}

// Status says how a finding was made, in the words of the raw exports and in
// the two letters of the others.
type Status struct{ Word, Code string }

// The statuses of findings.
//
// Source: section 13.1.
var (
	Exploited = Status{"vulnerable-exploited", "ve"} // the target itself showed it
	Version   = Status{"vulnerable-version", "vv"}   // what is known of the version says so
	Possible  = Status{"vulnerable-potential", "vp"} // a banner alone says so
	NotThere  = Status{"not-vulnerable", "nv"}       // looked for and not found
)

// active is the Source of what the target itself showed.
const active = "active"

// StatusOf is the status of a finding of that certainty and source.
func StatusOf(c harrier.Certainty, source string) Status {
	switch {
	case c < harrier.Certain:
		return Possible
	case source == active:
		return Exploited
	}
	return Version
}

// Having is the condition on findings that StatusOf is s.
func Having(s Status) harrier.Expr {
	certain := harrier.Cmp{Field: "certainty", Op: harrier.Ge, Values: []any{int64(harrier.Certain)}}
	shown := harrier.Cmp{Field: "source", Op: harrier.Eq, Values: []any{active}}
	switch s {
	case Exploited:
		return harrier.And{certain, shown}
	case Version:
		return harrier.And{certain, harrier.Not{Of: shown}}
	}
	return harrier.Not{Of: certain}
}

// Told reports whether r is a finding rather than a plain fact about the host,
// or what was recast to one.
func Told(r format.Result) bool { return r.Severity > harrier.Info }

// Reference is a name that others gave a vulnerability, or a page about it.
type Reference struct{ Source, Text string }

// names are the forms of the names of those whose word the readers know.
var names = []struct {
	source string
	form   *regexp.Regexp
}{
	{"DEBIAN", regexp.MustCompile(`^D[SL]A-\d`)},
	{"REDHAT", regexp.MustCompile(`^RH[SBE]A-\d`)},
	{"SUSE", regexp.MustCompile(`^(open)?SUSE-`)},
	{"MSKB", regexp.MustCompile(`^KB\d+$`)},
	{"MS", regexp.MustCompile(`^MS\d\d-\d+$`)},
	{"CERT-VN", regexp.MustCompile(`^VU#\d+$`)},
}

// References are the names of v and pages about it. A name of a kind that has
// no word is left out, because strict readers refuse the file for it.
//
// Source: section 12.1.
func References(v harrier.Vulnerability) []Reference {
	var out []Reference
	for _, id := range v.CVEs {
		if id != "" {
			out = append(out, Reference{"CVE", id})
		}
	}
	for _, id := range v.Aliases {
		for _, n := range names {
			if n.form.MatchString(id) {
				out = append(out, Reference{n.source, id})
				break
			}
		}
	}
	for _, url := range v.References {
		if url != "" {
			out = append(out, Reference{"URL", url})
		}
	}
	return out
}

// protocols are the names of services that readers know, by Service.Name.
var protocols = map[string]string{
	"telnet": "Telnet", "smb": "CIFS", "microsoft-ds": "CIFS", "netbios-ssn": "CIFS", "netbios-ns": "CIFS Name Service", "nbns": "CIFS Name Service",
	"pop3": "POP", "mysql": "MySQL", "postgresql": "Postgres", "mssql": "TDS", "ms-sql": "TDS", "rpcbind": "Portmapper", "redis": "Redis", "mongodb": "MongoDB",
}

// secured are protocols that have a name of their own inside TLS.
var secured = map[string]string{"HTTP": "HTTPS", "POP": "POPS", "IMAP": "IMAPS", "SMTP": "SMTPS", "FTP": "FTPS", "LDAP": "LDAPS"}

// ServiceName is the name of a service: upper case where it is an acronym.
//
// Source: section 12.1.
func ServiceName(s harrier.Service) string {
	name := strings.TrimSpace(format.Clean(s.Name))
	if name == "" {
		return "<unknown>"
	}
	if known, ok := protocols[name]; ok {
		name = known
	} else {
		name = strings.ToUpper(name)
	}
	if name == "DNS" && s.Protocol == harrier.TCP {
		return "DNS-TCP"
	}
	if s.TLS {
		return cmp.Or(secured[name], name)
	}
	return name
}
