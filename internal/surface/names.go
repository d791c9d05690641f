package surface

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface/record"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// isOwn reports whether a name is at or below a seed.
func (d *discovery) isOwn(name string) bool {
	return seedOf(d.own, name) != "" && !d.o.Marks[Node{Kind: Domain, Key: name}].Secondary
}

// domain takes a name that something speaks of. One at or below a seed is own:
// it is followed. It reports whether it was taken.
func (d *discovery) domain(from Node, link Link, name, how string, attributes map[string][]string) bool {
	if name = resolve.Canonical(strings.TrimPrefix(name, "*.")); name == "" || !strings.Contains(name, ".") || strings.Contains(name, "*") {
		return false
	}
	n := Node{Kind: Domain, Key: name}
	if from == n {
		return false
	}
	if !d.link(from, link, n, how, attributes) {
		return false
	}
	if seed := seedOf(d.own, name); seed != "" && name != seed && (link != Child || from.Key != seed) {
		d.link(Node{Kind: Domain, Key: seed}, Child, n, how, nil)
	}
	if d.isOwn(name) {
		d.named(name)
	}
	return true
}

// named follows an own name, once.
func (d *discovery) named(name string) {
	d.once("name "+name, func(ctx context.Context) { d.follow(ctx, name) })
	if d.o.NoWords || d.o.Passive {
		return
	}
	seed := seedOf(d.own, name)
	for at := name; at != seed && at != ""; {
		_, at, _ = strings.Cut(at, ".")
		if at != seed && strings.Count(at, ".")-strings.Count(seed, ".") < d.o.WordDepth {
			d.once("words "+at, func(ctx context.Context) { d.tryWords(ctx, at) })
		}
	}
}

// pointed resolves a name of others that an own record points to: whether it
// is there tells whether somebody could take it.
func (d *discovery) pointed(name string) {
	if d.isOwn(name) || name == "" {
		return
	}
	d.once("pointed "+name, func(ctx context.Context) {
		if have, _, failed := d.addresses(ctx, name); failed && !have && ctx.Err() == nil {
			d.attribute(Node{Kind: Domain, Key: name}, "dns", harrier.NodeUnresolved, "true")
		}
		if s, ok := d.o.Places.Name(name); ok {
			d.cloud(Node{Kind: Domain, Key: name}, s)
		}
	})
}

// follow learns what the DNS says of an own name.
func (d *discovery) follow(ctx context.Context, name string) {
	n := Node{Kind: Domain, Key: name}
	have, missing, failed := d.addresses(ctx, name)
	for _, t := range []uint16{dns.TypeMX, dns.TypeTXT, dns.TypeNS, dns.TypeSOA, dns.TypeCAA} {
		if missing {
			break
		}
		a, err := d.dns.Lookup(ctx, name, t)
		if err != nil {
			failed = true
			d.unasked(ctx, n)
			continue
		}
		for _, r := range a.Records {
			if resolve.Canonical(r.Header().Name) == name && r.Header().Rrtype == t {
				have = true
				d.record(ctx, n, r)
			}
		}
	}
	switch {
	case ctx.Err() != nil:
		return
	case failed && !have:
		if d.delegated(ctx, name) {
			d.once("zone "+name, func(ctx context.Context) { d.zone(ctx, name) })
		}
		d.attribute(n, "dns", harrier.NodeUnresolved, "true")
	case !have:
		d.attribute(n, "dns", "stale", "true")
	case d.likeWildcard(ctx, name):
		d.attribute(n, "dns", "wildcard", "match")
	}
	if have && !d.o.Passive {
		d.once("touch "+name, func(ctx context.Context) { d.touch(ctx, name) })
	}
}

// addresses takes the addresses and aliases of a name. Have tells that there is
// a record, missing that the name is not there, failed that nobody knows.
func (d *discovery) addresses(ctx context.Context, name string) (have, missing, failed bool) {
	ends := false
	missing = true
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := d.dns.Lookup(ctx, name, t)
		if err != nil {
			failed, missing = true, false
			if d.isOwn(name) {
				d.unasked(ctx, Node{Kind: Domain, Key: name})
			}
			continue
		}
		missing = missing && !a.Exists()
		at := name
		for range a.Records { // in the order of the chain, so that every source comes first
			for _, r := range a.Records {
				if alias, ok := r.(*dns.CNAME); ok && resolve.Canonical(r.Header().Name) == at {
					target := resolve.Canonical(alias.Target)
					if have = true; target == "" || !d.domain(Node{Kind: Domain, Key: at}, CNAME, target, "dns", nil) {
						continue
					}
					d.pointed(target)
					at = target
				}
			}
		}
		for _, r := range a.Records {
			owner := resolve.Canonical(r.Header().Name)
			if addr, ok := resolve.Addr(r); ok && (owner == at || owner == name) {
				have, ends = true, true
				link := A
				if !addr.Is4() {
					link = AAAA
				}
				d.address(Node{Kind: Domain, Key: owner}, link, addr, "dns", nil)
			}
		}
	}
	if have && !ends && !failed {
		return have, missing, failed // an alias that leads nowhere; its target says so
	}
	if missing && !d.isOwn(name) {
		d.attribute(Node{Kind: Domain, Key: name}, "dns", "stale", "true")
	}
	return have, missing, failed
}

// maxTexts bounds the values of one attribute, maxValue each of them.
const (
	maxTexts    = 100
	maxValue    = 2000
	maxMentions = 500
)

// record takes one record of an own name: what it says, and who it names.
func (d *discovery) record(ctx context.Context, n Node, r dns.RR) {
	name := strings.ToLower(dns.TypeToString[r.Header().Rrtype])
	text := resolve.Text(r)
	switch r := r.(type) {
	case *dns.TXT:
		text = strings.Join(r.Txt, "")
		if record.IsSPF(text) {
			d.spf(n, text, 0)
		}
		d.mentions(n, text, "txt")
	case *dns.MX:
		target := resolve.Canonical(r.Mx)
		if d.domain(n, MX, target, "dns", map[string][]string{"preference": {strconv.Itoa(int(r.Preference))}}) {
			d.pointed(target)
			d.once("tlsa "+target, func(ctx context.Context) { d.tlsa(ctx, target) })
			if d.isOwn(target) && !d.o.Passive {
				d.once("exchanger "+target, func(ctx context.Context) { d.mailServer(ctx, target) })
			}
		}
		d.once("mail "+n.Key, func(ctx context.Context) { d.mail(ctx, n.Key) })
	case *dns.NS:
		if target := resolve.Canonical(r.Ns); d.domain(n, NS, target, "dns", nil) {
			d.pointed(target)
		}
	case *dns.SOA:
		text = strings.TrimSuffix(strings.ToLower(r.Ns), ".") + " " + strings.TrimSuffix(strings.ToLower(r.Mbox), ".")
		d.once("zone "+n.Key, func(ctx context.Context) { d.zone(ctx, n.Key) })
		d.once("around "+n.Key, func(ctx context.Context) { d.around(ctx, n.Key) })
		if !d.o.NoWords && !d.o.Passive {
			d.once("words "+n.Key, func(ctx context.Context) { d.tryWords(ctx, n.Key) })
		}
	case *dns.CAA:
		issuer, _, _ := strings.Cut(r.Value, ";")
		if r.Tag == "issue" || r.Tag == "issuewild" {
			d.domain(n, Refers, strings.TrimSpace(issuer), "caa", nil)
		}
	}
	if ctx.Err() == nil {
		d.attribute(n, "dns", name, text[:min(len(text), maxValue)])
	}
}

// mentions takes own names from a text. That is weak evidence: only those count
// that the DNS has, and not merely by a wildcard.
func (d *discovery) mentions(from Node, text, how string) {
	for _, name := range namesIn(text, d.own) {
		if !d.isOwn(name) || name == from.Key {
			continue
		}
		d.once("mention "+from.String()+" "+how+" "+name, func(ctx context.Context) {
			if is, _ := d.real(ctx, name); is {
				d.domain(from, Referenced, name, how, nil)
			}
		})
	}
}

// namesIn finds names at or below domains in a text.
func namesIn(text string, domains []string) []string {
	text = strings.ToLower(text[:min(len(text), maxBody)])
	inName := func(b byte) bool {
		return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-' || b == '_' || b == '.'
	}
	found := map[string]bool{}
	for _, domain := range domains {
		for at := 0; len(found) < maxMentions; {
			i := strings.Index(text[at:], domain)
			if i < 0 {
				break
			}
			start, end := at+i, at+i+len(domain)
			at = end
			if end < len(text) && inName(text[end]) && (text[end] != '.' || end+1 < len(text) && inName(text[end+1]) && text[end+1] != '.') {
				continue // another name goes on
			}
			for start > 0 && inName(text[start-1]) && end-start < 254 {
				start--
			}
			name := text[start:end]
			switch { // what an escape put before it: %2f, \n, \u002f
			case start > 0 && text[start-1] == '%' && len(name) > 2:
				name = name[2:]
			case start > 0 && text[start-1] == '\\' && len(name) > 5 && name[0] == 'u':
				name = name[5:]
			case start > 0 && text[start-1] == '\\' && len(name) > 1:
				name = name[1:]
			}
			if name = resolve.Canonical(strings.TrimLeft(name, ".-")); resolve.Below(name, domain) && name != "" {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// spf follows a policy to those it names.
func (d *discovery) spf(n Node, text string, depth int) {
	d.attribute(n, "spf", "spf", text[:min(len(text), maxValue)])
	p := record.ParseSPF(text)
	for _, t := range p.Terms {
		switch {
		case strings.Contains(t.Value, "%"):
		case t.Prefix.IsValid() && t.Prefix.IsSingleIP():
			d.link(n, SPFAddr, AddrNode(t.Prefix.Addr()), "spf", nil)
		case t.Prefix.IsValid():
			d.link(n, SPFRange, Node{Kind: IPRange, Key: t.Prefix.String()}, "spf", nil)
		case t.Name == "include":
			d.included(n, SPFDomain, t.Value, depth)
		case t.Value != "" && (t.Name == "a" || t.Name == "mx"):
			if d.domain(n, Refers, t.Value, "spf", nil) {
				d.pointed(t.Value)
			}
		}
	}
	if p.Redirect != "" && !strings.Contains(p.Redirect, "%") {
		d.included(n, SPFRedirect, p.Redirect, depth)
	}
}

// maxIncludes is how deep policies within policies are followed: one more than
// the standard lets anybody.
const maxIncludes = 11

func (d *discovery) included(from Node, link Link, name string, depth int) {
	if !d.domain(from, link, name, "spf", nil) || depth >= maxIncludes {
		return
	}
	d.once("spf "+name, func(ctx context.Context) {
		n := Node{Kind: Domain, Key: resolve.Canonical(name)}
		a, err := d.dns.Lookup(ctx, name, dns.TypeTXT)
		if err != nil {
			return
		}
		found := false
		for _, r := range a.Records {
			if t, ok := r.(*dns.TXT); ok && record.IsSPF(strings.Join(t.Txt, "")) {
				found = true
				d.spf(n, strings.Join(t.Txt, ""), depth+1)
			}
		}
		if !found {
			d.attribute(n, "spf", "spf.void", "true")
		}
	})
}

// around asks for what stands beside the name of a zone: services and mail.
func (d *discovery) around(ctx context.Context, name string) {
	n := Node{Kind: Domain, Key: name}
	for _, label := range services {
		a, err := d.dns.Lookup(ctx, label+"."+name, dns.TypeSRV)
		if err != nil || d.likeWildcardType(ctx, label+"."+name, a) {
			continue
		}
		for _, r := range a.Records {
			srv, ok := r.(*dns.SRV)
			if !ok || srv.Target == "." {
				continue
			}
			if target := resolve.Canonical(srv.Target); d.domain(n, Refers, target, "srv", map[string][]string{"service": {label + " " + strconv.Itoa(int(srv.Port))}}) {
				d.pointed(target)
			}
		}
	}
	d.once("mail "+name, func(ctx context.Context) { d.mail(ctx, name) })
}

// mail asks for the policies of a mail domain.
func (d *discovery) mail(ctx context.Context, name string) {
	n := Node{Kind: Domain, Key: name}
	for label, what := range map[string]struct {
		attribute string
		is        func(string) bool
	}{
		"_dmarc": {"dmarc", record.IsDMARC}, "_mta-sts": {"mta-sts", record.IsSTS}, "_smtp._tls": {"tls-rpt", record.IsTLSRPT}, "default._bimi": {"bimi", record.IsBIMI},
	} {
		for _, text := range d.texts(ctx, n, label+"."+name) {
			if !what.is(text) {
				continue
			}
			d.attribute(n, "dns", what.attribute, text)
			if what.attribute == "dmarc" {
				p := record.ParseDMARC(text)
				for _, address := range append(p.Reports, p.Failures...) {
					if h := record.Host(address); h != name {
						d.domain(n, Refers, h, "dmarc", nil)
					}
				}
			}
			if what.attribute == "mta-sts" && !d.o.Passive {
				d.once("sts "+name, func(ctx context.Context) { d.policyPage(ctx, name) })
			}
		}
	}
	for _, s := range selectors {
		label := s + "._domainkey." + name
		a, err := d.dns.Lookup(ctx, label, dns.TypeTXT)
		if err != nil {
			d.unasked(ctx, n)
			continue
		}
		for _, r := range a.Records {
			switch r := r.(type) {
			case *dns.TXT:
				if text := strings.Join(r.Txt, ""); record.IsDKIM(text) {
					d.attribute(n, "dns", "dkim", s+" "+text[:min(len(text), maxValue)])
				}
			case *dns.CNAME:
				d.domain(n, Refers, resolve.Canonical(r.Target), "dkim", nil)
			}
		}
	}
}

// unasked notes that something could not be learnt about an own name, address or
// range: what it lacks is not known then.
func (d *discovery) unasked(ctx context.Context, n Node) {
	if ctx.Err() == nil {
		d.attribute(n, "dns", AttrUnasked, "true")
	}
}

func (d *discovery) texts(ctx context.Context, n Node, name string) (out []string) {
	a, err := d.dns.Lookup(ctx, name, dns.TypeTXT)
	if err != nil {
		d.unasked(ctx, n)
		return nil
	}
	for _, r := range a.Records {
		if t, ok := r.(*dns.TXT); ok && len(out) < maxTexts {
			text := strings.Join(t.Txt, "")
			out = append(out, text[:min(len(text), maxValue)])
		}
	}
	return out
}

// tlsa asks whether a mail exchanger's certificate is in the DNS.
func (d *discovery) tlsa(ctx context.Context, name string) {
	a, err := d.dns.Lookup(ctx, "_25._tcp."+name, dns.TypeTLSA)
	if err != nil {
		return
	}
	for _, r := range a.Records {
		if r.Header().Rrtype == dns.TypeTLSA {
			d.attribute(Node{Kind: Domain, Key: name}, "dns", "tlsa", resolve.Text(r))
		}
	}
}
