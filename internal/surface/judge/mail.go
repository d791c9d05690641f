package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/record"
)

// mail judges the policies of a domain that has mail exchangers, or is a seed.
func (v *view) mail(n surface.Node) {
	servers := v.To(n, surface.MX)
	null := slices.ContainsFunc(v.has(n, "mx"), func(s string) bool { return strings.HasSuffix(s, " .") })
	receives := len(servers) > 0 && !null
	if !receives && !v.seed(n) && !v.is(n, "spf") {
		return
	}
	weak := v.spf(n, receives)
	v.dkim(n)
	if receives || v.seed(n) {
		if v.dmarc(n, receives) && weak {
			v.risk(&spoofable, n, "", "SPF and DMARC of "+n.Key+" stop nobody.", harrier.Certain)
		}
	}
	if receives {
		v.transport(n, servers)
	}
}

func (v *view) seed(n surface.Node) bool {
	return slices.ContainsFunc(v.In(n), func(f surface.Fact) bool { return f.Link == surface.Seeded })
}

// The limits of a policy, in questions to the DNS.
//
// Source: RFC 7208 section 4.6.4.
const (
	maxLookups = 10
	maxVoid    = 2
)

// spf reports whether the policy stops nobody.
func (v *view) spf(n surface.Node, receives bool) (weak bool) {
	policies := v.has(n, "spf")
	switch {
	case len(policies) == 0:
		if receives || v.seed(n) {
			v.risk(&noSPF, n, "", n.Key+" has no SPF policy.", harrier.Certain)
		}
		return true
	case len(policies) > 1:
		v.risk(&manySPF, n, "", strings.Join(policies, "\n"), harrier.Certain)
		return true
	}
	p := record.ParseSPF(policies[0])
	if len(p.Faults) > 0 {
		v.risk(&badSPF, n, "", policies[0]+"\n"+strings.Join(p.Faults, "\n"), harrier.Certain)
	}
	switch {
	case p.All == "+":
		v.risk(&passSPF, n, "", policies[0], harrier.Certain)
		weak = true
	case p.All == "?" || p.All == "" && p.Redirect == "":
		v.risk(&neutralSPF, n, "", policies[0], harrier.Certain)
		weak = true
	case p.All == "~":
		v.risk(&softSPF, n, "", policies[0], harrier.Certain)
	}
	if slices.ContainsFunc(p.Terms, func(t record.Term) bool { return t.Name == "ptr" }) {
		v.risk(&ptrSPF, n, "", policies[0], harrier.Certain)
	}
	lookups, voids := v.lookups(n, map[surface.Node]bool{})
	if lookups > maxLookups {
		v.risk(&longSPF, n, "", fmt.Sprintf("The policy with all that it includes asks %d questions.", lookups), harrier.Certain)
	}
	if len(voids) > 0 {
		c := harrier.Certain
		if len(voids) <= maxVoid && !v.includesVoid(n) {
			c = harrier.Potential
		}
		v.risk(&voidSPF, n, "", "Nothing is said by "+strings.Join(voids, ", ")+".", c)
	}
	return weak
}

// includesVoid reports whether a policy includes a domain without one: that is
// an error at once.
func (v *view) includesVoid(n surface.Node) bool {
	return slices.ContainsFunc(append(v.To(n, surface.SPFDomain), v.To(n, surface.SPFRedirect)...), func(t surface.Node) bool { return v.is(t, "spf.void") })
}

// lookups counts the questions of a policy and of those that it includes.
func (v *view) lookups(n surface.Node, seen map[surface.Node]bool) (count int, voids []string) {
	if seen[n] || len(seen) > 100 {
		return 0, nil
	}
	seen[n] = true
	for _, text := range v.has(n, "spf")[:min(1, len(v.has(n, "spf")))] {
		p := record.ParseSPF(text)
		count += p.Lookups()
		for _, t := range p.Terms {
			target := surface.Node{Kind: surface.Domain, Key: t.Value}
			if (t.Name == "a" || t.Name == "mx") && t.Value != "" && v.is(target, "stale") {
				voids = append(voids, t.Value)
			}
		}
	}
	for _, t := range append(v.To(n, surface.SPFDomain), v.To(n, surface.SPFRedirect)...) {
		if v.is(t, "spf.void") {
			voids = append(voids, t.Key)
		}
		c, more := v.lookups(t, seen)
		count += c
		voids = append(voids, more...)
	}
	slices.Sort(voids)
	return count, slices.Compact(voids)
}

// dmarc reports whether the policy stops nobody. A domain without one has that
// of the seed that it is below.
func (v *view) dmarc(n surface.Node, receives bool) (weak bool) {
	texts := v.has(n, "dmarc")
	if len(texts) == 0 {
		for _, s := range v.Of(surface.Domain) {
			if s != n && v.seed(s) && below(n.Key, s.Key) && v.is(s, "dmarc") {
				return record.ParseDMARC(v.has(s, "dmarc")[0]).Subdomain == "none"
			}
		}
		if receives || v.seed(n) {
			v.risk(&noDMARC, n, "", n.Key+" has no DMARC policy.", harrier.Certain)
		}
		return true
	}
	p := record.ParseDMARC(texts[0])
	if len(texts) > 1 {
		p.Faults = append(p.Faults, "there are several policies")
	}
	if len(p.Faults) > 0 {
		v.risk(&badDMARC, n, "", strings.Join(append(texts, p.Faults...), "\n"), harrier.Certain)
	}
	if p.Policy == "none" {
		v.risk(&noneDMARC, n, "", texts[0], harrier.Certain)
	} else if p.Percent < 100 || p.Subdomain == "none" {
		v.risk(&partDMARC, n, "", texts[0], harrier.Certain)
	}
	if len(p.Reports) == 0 {
		v.risk(&blindDMARC, n, "", texts[0], harrier.Certain)
	}
	return p.Policy == "" || p.Policy == "none"
}

// dkim judges the keys that were found. That none was found says nothing:
// selectors can not be listed.
func (v *view) dkim(n surface.Node) {
	for _, entry := range v.has(n, "dkim") {
		selector, text, _ := strings.Cut(entry, " ")
		k := record.ParseDKIM(text)
		switch {
		case k.Revoked:
		case len(k.Faults) > 0:
			v.risk(&badDKIM, n, selector, selector+": "+strings.Join(k.Faults, ", "), harrier.Certain)
		case k.Type == "rsa" && k.Bits < 2048:
			v.risk(&weakDKIM, n, selector, fmt.Sprintf("The key %s has %d bits.", selector, k.Bits), harrier.Certain)
		}
		if k.Testing {
			v.risk(&testDKIM, n, selector, selector+" is marked as a test.", harrier.Certain)
		}
	}
}

// transport judges how mail comes in.
func (v *view) transport(n surface.Node, servers []surface.Node) {
	dane := false
	for _, s := range servers {
		for _, text := range v.has(s, "tlsa") {
			f := strings.Fields(text)
			if len(f) == 0 || f[0] != "2" && f[0] != "3" {
				v.risk(&badDANE, n, s.Key, s.Key+" has the record "+text+".", harrier.Certain)
				continue
			}
			dane = true
			if v.Scope(s) == surface.Primary && !v.is(s, "ds") && !v.above(s, "ds") {
				v.risk(&unsignedDANE, n, s.Key, "The zone of "+s.Key+" has no DS record.", harrier.Potential)
			}
		}
	}
	switch {
	case !v.is(n, "mta-sts"):
		if !dane {
			v.risk(&noSTS, n, "", n.Key+" has neither MTA-STS nor DANE.", harrier.Certain)
		}
	case v.is(n, "mta-sts.missing"):
		v.risk(&badSTS, n, "", "The policy that is announced can not be fetched.", harrier.Certain)
	case v.is(n, surface.AttrPolicyCertificate):
		v.risk(&badSTS, n, "", "Senders do not believe the policy, because of the certificate of its server: "+strings.Join(v.has(n, surface.AttrPolicyCertificate), ", ")+".", harrier.Certain)
	case v.is(n, "mta-sts.policy"):
		p := record.ParseSTS(v.has(n, "mta-sts.policy")[0])
		for _, s := range servers {
			if p.Mode != "none" && !p.Covers(s.Key) {
				p.Faults = append(p.Faults, "it does not allow "+s.Key)
			}
		}
		if len(p.Faults) > 0 {
			v.risk(&badSTS, n, "", strings.Join(p.Faults, "\n"), harrier.Certain)
		} else if p.Mode != "enforce" {
			v.risk(&softSTS, n, "", "Its mode is "+p.Mode+".", harrier.Certain)
		}
	}
	if !v.is(n, "tls-rpt") {
		v.risk(&noTLSRPT, n, "", n.Key+" has no TLS-RPT record.", harrier.Certain)
	}
	if texts := v.has(n, "bimi"); len(texts) == 0 {
		v.risk(&noBIMI, n, "", n.Key+" has no BIMI record.", harrier.Certain)
	} else if b := record.ParseBIMI(texts[0]); len(b.Faults) > 0 {
		v.risk(&badBIMI, n, "", texts[0], harrier.Certain)
	}
}
