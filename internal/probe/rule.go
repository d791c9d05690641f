package probe

import (
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier/internal/fingerprint"
)

// match is what a rule told.
type match struct {
	Product, Version, CPE string
	OS                    string // the operating system, in words
	Rule                  string // its id; "" when a protocol told it without a rule
	hints                 []fact // what the text tells of the machine
}

// fact is a fact by its key, as in harrier.Service.
type fact struct{ key, value string }

// tell returns what the embedded rules of kind say about text; see talk.match.
func tell(kind, text string) (match, bool) { return told(fingerprint.Default(), kind, text) }

// match returns what the rules of kind say about text: those that the target
// brings, else the embedded ones.
func (x *talk) match(kind, text string) (match, bool) { return told(x.rules(), kind, text) }

func (x *talk) rules() *fingerprint.Set {
	if x.Rules != nil {
		return x.Rules
	}
	return fingerprint.Default()
}

func told(rules *fingerprint.Set, kind, text string) (match, bool) {
	if text == "" {
		return match{}, false
	}
	m, ok := rules.Match(kind, text)
	if !ok {
		return match{}, false
	}
	return match{m.Product, m.Version, m.CPE, m.OS.Name(), m.Rule, hintsOf(m)}, true
}

// hintsOf lists what a match tells of the machine, by the keys that all
// protocols share.
func hintsOf(m fingerprint.Match) []fact {
	var out []fact
	add := func(key, value string) {
		if value != "" {
			out = append(out, fact{key, value})
		}
	}
	add("device.hint", m.Hardware.Device)
	add("device.model", strings.TrimSpace(m.Hardware.Vendor+" "+m.Hardware.Product))
	add("host.name", machineName(m.Facts["host.name"]))
	add("host.mac", machineMAC(m.Facts["host.mac"]))
	add("host.serial", m.Facts["hw.serial_number"])
	return out
}

var namePattern = pattern(`^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?$`)

// machineName returns s when it can be a machine's name; "" for an address and
// for what no machine is called.
func machineName(s string) string {
	if _, err := netip.ParseAddr(s); err == nil || !namePattern.MatchString(s) || strings.EqualFold(s, "localhost") {
		return ""
	}
	return strings.TrimSuffix(s, ".")
}

// machineMAC writes a hardware address as "00:16:3e:12:34:56"; "" when s is none.
func machineMAC(s string) string {
	digits := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(s))
	if len(digits) != 12 || strings.Trim(digits, "0123456789abcdef") != "" || strings.Trim(digits, "0") == "" {
		return ""
	}
	pairs := make([]string, 6)
	for i := range pairs {
		pairs[i] = digits[2*i : 2*i+2]
	}
	return strings.Join(pairs, ":")
}

// tellsOf are the facts that rules of a kind speak about and that no protocol
// gives to the rules itself.
var tellsOf = []struct{ fact, kind string }{
	{"http.title", "http.title"},
	{"http.powered_by", "http.powered"},
	{"http.favicon.md5", "http.favicon.md5"},
	{"snmp.sysobjectid", "snmp.object"},
	{"smb.os", "smb.os"},
	{"ntp.variables", "ntp.variables"},
	{"ldap.result", "ldap.result"},
	{"tls.jarm", "tls.jarm"},
}

// tellsOfHeader are the same for headers of HTTP.
var tellsOfHeader = []struct{ header, kind string }{
	{"set-cookie", "http.cookie"}, {"www-authenticate", "http.authenticate"},
}

// consult gives what was learnt of the service to the rules that speak about
// such texts, once it is known. They add to what is known and change nothing.
func (x *talk) consult() {
	for _, t := range tellsOf {
		x.hint(t.kind, x.s.Fact(t.fact))
	}
	for line := range strings.Lines(x.s.Fact("http.headers")) {
		name, value, _ := strings.Cut(line, ":")
		for _, t := range tellsOfHeader {
			if strings.EqualFold(strings.TrimSpace(name), t.header) {
				x.hint(t.kind, strings.TrimSpace(value))
			}
		}
	}
	if len(x.s.Certificates) > 0 {
		x.hint("x509.subject", x.s.Certificates[0].Subject)
		x.hint("x509.issuer", x.s.Certificates[0].Issuer)
	}
}

// hint takes from the rules of a kind what is not known yet.
func (x *talk) hint(kind, text string) {
	m, ok := x.match(kind, text)
	if !ok {
		return
	}
	if x.s.Product == "" && m.Product != "" && x.s.Name != "" {
		x.take(m, kind+": "+text)
		return
	}
	x.learn(m)
}

// learn notes what a rule told of the machine, as far as it is not known.
func (x *talk) learn(m match) {
	for _, f := range append(m.hints, fact{"os.hint", m.OS}) {
		if x.s.Fact(f.key) == "" {
			x.fact(f.key, f.value)
		}
	}
}
