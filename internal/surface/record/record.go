// Package record reads the texts that mail and other protocols keep in the
// DNS and on well-known pages: SPF, DMARC, DKIM, MTA-STS, TLS-RPT, BIMI. It is
// pure; whatever a text holds, the result is bounded.
package record

import (
	"net/netip"
	"strconv"
	"strings"
)

// The bounds of a text.
const (
	maxText  = 8 << 10
	maxTerms = 200
)

// SPF is a policy about who may send mail for a domain.
//
// Source: RFC 7208.
type SPF struct {
	Terms    []Term
	Redirect string // "" without
	All      string // the qualifier of "all": "+", "-", "~", "?"; "" without
	Faults   []string
}

// Term is one mechanism.
type Term struct {
	Qualifier string // "+", "-", "~", "?"
	Name      string // "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "all"
	Value     string // a domain, possibly with macros; "" for the own one
	Prefix    netip.Prefix
}

// Lookups is how many questions to the DNS the policy itself asks for, those of
// policies that it includes not counted.
func (s SPF) Lookups() int {
	n := 0
	for _, t := range s.Terms {
		switch t.Name {
		case "include", "a", "mx", "ptr", "exists":
			n++
		}
	}
	if s.Redirect != "" {
		n++
	}
	return n
}

// IsSPF reports whether a TXT record is meant to be an SPF policy.
func IsSPF(text string) bool {
	text = strings.ToLower(text)
	return text == "v=spf1" || strings.HasPrefix(text, "v=spf1 ")
}

// ParseSPF reads a policy. It never fails: what can not be read is a fault.
func ParseSPF(text string) (s SPF) {
	if len(text) > maxText {
		text = text[:maxText]
		s.Faults = append(s.Faults, "it is too long")
	}
	fields := strings.Fields(text)
	if len(fields) == 0 || !strings.EqualFold(fields[0], "v=spf1") {
		s.Faults = append(s.Faults, "it does not begin with v=spf1")
		return s
	}
	for i, f := range fields[1:] {
		if i >= maxTerms {
			s.Faults = append(s.Faults, "it has too many terms")
			break
		}
		s.term(f)
	}
	return s
}

func (s *SPF) term(f string) {
	fault := func(what string) { s.Faults = append(s.Faults, clip(f)+": "+what) }
	if name, value, ok := strings.Cut(f, "="); ok && isName(name) {
		switch {
		case strings.EqualFold(name, "redirect") && s.Redirect != "":
			fault("a second redirect")
		case strings.EqualFold(name, "redirect"):
			if s.Redirect = domain(value); s.Redirect == "" {
				fault("no domain")
			}
		}
		return // other modifiers are to be ignored
	}
	t := Term{Qualifier: "+"}
	if strings.ContainsAny(f[:1], "+-~?") {
		t.Qualifier, f = f[:1], f[1:]
	}
	end := strings.IndexAny(f, ":/")
	if end < 0 {
		end = len(f)
	}
	t.Name = strings.ToLower(f[:end])
	value := f[end:]
	if s.All != "" {
		fault("behind all, never reached")
		return
	}
	switch t.Name {
	case "all":
		if value != "" {
			fault("all takes no value")
		}
		s.All = t.Qualifier
	case "ip4", "ip6":
		p, ok := prefix(strings.TrimPrefix(value, ":"), t.Name == "ip4")
		if !ok {
			fault("no address of the kind")
			return
		}
		t.Prefix = p
	case "a", "mx":
		name, cidr, _ := strings.Cut(value, "/")
		if cidr != "" && !isLength(cidr) {
			fault("no prefix length")
		}
		if t.Value = domain(strings.TrimPrefix(name, ":")); name != "" && t.Value == "" {
			fault("no domain")
			return
		}
	case "include", "exists", "ptr":
		if t.Value = domain(strings.TrimPrefix(value, ":")); t.Value == "" && t.Name != "ptr" {
			fault("no domain")
			return
		}
	default:
		fault("no mechanism of this name")
		return
	}
	s.Terms = append(s.Terms, t)
}

func isLength(s string) bool {
	for part := range strings.SplitSeq(strings.Replace(s, "//", "/", 1), "/") {
		if n, err := strconv.Atoi(part); part != "" && (err != nil || n < 0 || n > 128) {
			return false
		}
	}
	return true
}

func prefix(s string, four bool) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return p.Masked(), p.Addr().Is4() == four
}

func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r) {
			return false
		}
	}
	return s != ""
}

// domain is a name in lower case; one with macros is kept as it is, and "" is
// for what is no name.
func domain(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if strings.Contains(s, "%") {
		return clip(s)
	}
	if !isName(s) || len(s) > 253 || strings.Contains(s, "..") || strings.HasPrefix(s, ".") {
		return ""
	}
	return s
}

func clip(s string) string { return s[:min(len(s), 100)] }

// Tags reads a list "v=DMARC1; p=none; …". Names are in lower case; of several
// with one name the first counts.
//
// Source: RFC 6376 section 3.2.
func Tags(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text[:min(len(text), maxText)], ";") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := out[name]; !ok || twice || !isName(name) || len(out) >= maxTerms {
			continue
		}
		out[name] = strings.TrimSpace(value)
	}
	return out
}

// DMARC is a policy about mail that fails the tests of its sender.
//
// Source: RFC 7489 section 6.3.
type DMARC struct {
	Policy    string // "none", "quarantine", "reject"; "" when it is missing
	Subdomain string // of names below; Policy when it does not say
	Percent   int
	Reports   []string // addresses for the sums
	Failures  []string // addresses for single messages
	Faults    []string
}

// IsDMARC reports whether a TXT record is meant to be a DMARC policy.
func IsDMARC(text string) bool { return begins(text, "DMARC1") }

func begins(text, version string) bool {
	first, _, _ := strings.Cut(text, ";")
	name, value, _ := strings.Cut(first, "=")
	return strings.EqualFold(strings.TrimSpace(name), "v") && strings.EqualFold(strings.TrimSpace(value), version)
}

// ParseDMARC reads a policy.
func ParseDMARC(text string) (d DMARC) {
	tags := Tags(text)
	d.Percent = 100
	fault := func(s string) { d.Faults = append(d.Faults, s) }
	if !IsDMARC(text) {
		fault("it does not begin with v=DMARC1")
	}
	policy := func(tag string) string {
		switch v := strings.ToLower(tags[tag]); v {
		case "none", "quarantine", "reject":
			return v
		case "":
			return ""
		default:
			fault(tag + "=" + clip(v) + " is no policy")
			return ""
		}
	}
	if d.Policy = policy("p"); d.Policy == "" {
		fault("it has no policy (p=)")
	}
	if d.Subdomain = policy("sp"); d.Subdomain == "" {
		d.Subdomain = d.Policy
	}
	if v := tags["pct"]; v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 100 {
			fault("pct=" + clip(v) + " is no percentage")
			n = 100
		}
		d.Percent = n
	}
	d.Reports, d.Failures = addresses(tags["rua"], fault), addresses(tags["ruf"], fault)
	return d
}

func addresses(list string, fault func(string)) (out []string) {
	for uri := range strings.SplitSeq(list, ",") {
		uri, _, _ = strings.Cut(strings.TrimSpace(uri), "!")
		if uri == "" || len(out) >= 20 {
			continue
		}
		scheme, address, _ := strings.Cut(uri, ":")
		if at := strings.LastIndexByte(address, '@'); !strings.EqualFold(scheme, "mailto") || at < 1 || domain(address[at+1:]) == "" {
			fault(clip(uri) + " is no mailto: address")
			continue
		}
		out = append(out, strings.ToLower(address))
	}
	return out
}

// Host is the domain of a mail address; "" for none.
func Host(address string) string {
	_, host, _ := strings.Cut(address, "@")
	return domain(host)
}
