package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// zone judges the servers of a zone, and what they give away.
func (v *view) zone(n surface.Node) {
	for _, server := range v.has(n, "transfer") {
		v.risk(&openTransfer, n, server, server+" gave the whole zone "+n.Key+".", harrier.Certain)
	}
	if v.is(n, "recursion") {
		v.risk(&openRecursion, n, "", n.Key+" looked up a name that is not its own for a stranger.", harrier.Certain)
	}
	for _, what := range v.has(n, "lame") {
		v.risk(&lame, n, what, "The parent names it for "+n.Key+": "+what+".", harrier.Certain)
	}
	servers := v.To(n, surface.NS)
	if v.is(n, "soa") && len(servers) == 1 {
		v.risk(&singleNS, n, "", "The only server is "+servers[0].Key+".", harrier.Certain)
	}
	if slices.Contains(v.has(n, "wildcard"), "below") {
		v.risk(&wildcard, n, "", "Random names below "+n.Key+" are there.", harrier.Certain)
	}
	if v.is(n, "nsec") {
		v.risk(&walked, n, "", "The names were listed by their NSEC records.", harrier.Certain)
	}
	if v.is(n, "soa") && !v.unknown(n) && !v.is(n, "caa") && !v.above(n, "caa") {
		v.risk(&noCAA, n, "", "Neither "+n.Key+" nor a name above it has a CAA record.", harrier.Certain)
	}
	for _, link := range []surface.Link{surface.A, surface.AAAA} {
		for _, a := range v.To(n, link) {
			if v.is(a, surface.AttrReserved) {
				v.risk(&private, n, a.Key, n.Key+" has the address "+a.Key+".", harrier.Certain)
			}
		}
	}
}

// above reports whether a name above n is known to have an attribute.
func (v *view) above(n surface.Node, name string) bool {
	for at := n.Key; strings.Contains(at, "."); {
		_, at, _ = strings.Cut(at, ".")
		if v.is(surface.Node{Kind: surface.Domain, Key: at}, name) {
			return true
		}
	}
	return false
}

// dangling judges what leads to nothing.
func (v *view) dangling(n surface.Node) {
	for link, rule := range leading {
		for _, target := range v.To(n, link) {
			if last := v.last(target); v.is(last, "stale") {
				v.risk(rule, n, last.Key, n.Key+" leads to "+last.Key+", which does not exist.", certainty(v, last))
			}
		}
	}
	for _, page := range v.To(n, surface.Hosts) {
		for _, provider := range v.has(page, "unclaimed") {
			c := harrier.Potential // anybody can write the words; with the provider's name or address they are its own
			for at, step := n, 0; step < maxAliases; step++ {
				to := v.To(at, surface.CNAME)
				if len(to) == 0 {
					break
				}
				if at = to[0]; v.is(at, surface.AttrShared) {
					c = harrier.Certain
				}
			}
			if c == harrier.Potential && strings.Join(v.has(page, "status"), "") < "400" {
				continue // a page that is there and quotes the words
			}
			v.risk(&takeover, n, provider, page.Key+" says in the words of "+provider+" that nobody has the site.", c)
		}
	}
}

// leading are the rules about what leads to a name of others.
var leading = map[surface.Link]*Rule{surface.CNAME: &danglingCNAME, surface.NS: &danglingNS, surface.MX: &danglingMX}

// maxAliases bounds how far a chain of aliases is followed.
const maxAliases = 10

// last is where the aliases of others lead that begin at n: whoever gets a name
// in the middle of a chain has the names before it, too. An own alias on the way
// is judged by itself.
func (v *view) last(n surface.Node) surface.Node {
	for range maxAliases {
		to := v.To(n, surface.CNAME)
		if len(to) == 0 || v.Scope(n) == surface.Primary {
			break
		}
		n = to[0]
	}
	return n
}

// doubtful reports whether nobody answered about a name that n leads to, so that
// it is not known whether that is there.
func (v *view) doubtful(n surface.Node, r *Rule) bool {
	for link, rule := range leading {
		if rule == r && slices.ContainsFunc(v.To(n, link), func(to surface.Node) bool { return v.is(v.last(to), harrier.NodeUnresolved) }) {
			return true
		}
	}
	return false
}

// certainty of a missing target: one below the organisation's own domains can
// not be registered by others.
func certainty(v *view, target surface.Node) harrier.Certainty {
	if v.Scope(target) == surface.Primary {
		return harrier.Potential
	}
	return harrier.Certain
}

// signed judges DNSSEC.
//
// Source: RFC 8624 section 3.1 and 3.3 (algorithms).
func (v *view) signed(n surface.Node) {
	if !v.is(n, "soa") {
		return
	}
	keys, ds := v.keys(n), v.signers(n)
	switch {
	case len(ds) == 0 && len(keys) == 0:
		v.risk(&noDNSSEC, n, "", n.Key+" has no keys.", harrier.Certain)
		return
	case len(ds) == 0:
		v.risk(&islandDNSSEC, n, "", n.Key+" has keys, its parent no DS record.", harrier.Certain)
	default:
		fits := slices.ContainsFunc(ds, func(d *dns.DS) bool {
			return slices.ContainsFunc(keys, func(k *dns.DNSKEY) bool {
				made := k.ToDS(d.DigestType)
				return made != nil && made.KeyTag == d.KeyTag && strings.EqualFold(made.Digest, d.Digest)
			})
		})
		if !fits {
			v.risk(&bogusDNSSEC, n, "", fmt.Sprintf("%d DS records, %d keys; none fits.", len(ds), len(keys)), harrier.Certain)
		}
	}
	if len(ds) > 0 {
		v.signatures(n)
	}
	for _, k := range keys {
		switch k.Algorithm {
		case dns.RSAMD5, dns.DSA, dns.RSASHA1, dns.DSANSEC3SHA1, dns.RSASHA1NSEC3SHA1, dns.ECCGOST:
			v.risk(&weakDNSSEC, n, "", "A key uses "+dns.AlgorithmToString[k.Algorithm]+".", harrier.Certain)
		}
	}
	if len(ds) > 0 && !slices.ContainsFunc(ds, func(d *dns.DS) bool { return d.DigestType != dns.SHA1 }) {
		v.risk(&weakDNSSEC, n, "digest", "The parent's DS records have SHA-1 digests only.", harrier.Certain)
	}
}

// signatures judges what the servers of a zone prove their answers by. Where its
// parent does not say that it is signed, nobody asks for that.
func (v *view) signatures(n surface.Node) {
	for _, text := range v.has(n, surface.AttrSignature) {
		server, rest, _ := strings.Cut(text, " ")
		kind, what, _ := strings.Cut(rest, " ")
		fault := ""
		switch end, until := strings.CutPrefix(what, "until "); {
		case what == surface.SignedNot:
			fault = "sends no signature of"
		case what == surface.SignedBadly:
			fault = "sends no good signature of"
		case until:
			if t, err := time.Parse(time.RFC3339, end); err == nil && !v.now.Before(t) {
				fault = "sends a signature that ended on " + end + " of"
			}
		}
		if fault != "" {
			v.risk(&brokenDNSSEC, n, server+" "+kind, server+" "+fault+" the "+kind+" record of "+n.Key+".", harrier.Certain)
		}
	}
}

func (v *view) keys(n surface.Node) (out []*dns.DNSKEY) {
	for _, text := range v.has(n, "dnskey") {
		if r, err := dns.NewRR(n.Key + ". 60 IN DNSKEY " + text); err == nil {
			if k, ok := r.(*dns.DNSKEY); ok {
				out = append(out, k)
			}
		}
	}
	return out
}

func (v *view) signers(n surface.Node) (out []*dns.DS) {
	for _, text := range v.has(n, "ds") {
		if r, err := dns.NewRR(n.Key + ". 60 IN DS " + text); err == nil {
			if d, ok := r.(*dns.DS); ok {
				out = append(out, d)
			}
		}
	}
	return out
}

// below reports whether name is at or below zone.
func below(name, zone string) bool { return resolve.Below(name, zone) }
