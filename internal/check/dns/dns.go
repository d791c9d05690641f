// Package dns has the checks of DNS servers.
package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{Recursion, Version, ZoneTransfer}

const family = "DNS"

func applies(s harrier.Service) bool { return s.Name == "dns" || s.Name == "domain" }

// Recursion reports a server that looks names of others up for anybody.
var Recursion = check.Define(harrier.Vulnerability{
	ID: 10539, Slug: "dns-recursion", Name: "DNS Server Recursive Query Cache Poisoning Weakness", Family: family,
	Synopsis:    "The DNS server looks up names for anybody.",
	Description: "The server accepts queries for names outside its own zones. If that goes for the whole Internet, strangers can try to poison its cache and to turn its answers against others.",
	Solution:    "Limit recursion to the networks that the server is for.",
	CVEs:        []string{"CVE-1999-0024"}, CWEs: []int{406},
	References: []string{"https://www.rfc-editor.org/rfc/rfc5358"},
}, check.Doubt, check.Check{
	Applies: applies, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		recursion, err := t.Fact("dns.recursion")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case recursion == "yes":
			return harrier.Present, "The server announced recursion and did not refuse a query for the root.", nil
		}
		return harrier.Absent, "", nil
	},
})

// Version states what a server says of its version.
var Version = check.Define(harrier.Vulnerability{
	ID: 10028, Slug: "dns-version", Name: "DNS Server BIND version Directive Remote Version Detection", Family: family,
	Synopsis:    "The DNS server tells its version.",
	Description: "The server answers a query for version.bind in the class CHAOS, by which administrators ask for its version.",
	Solution:    "The server can be told to answer something else.",
	References:  []string{"https://www.rfc-editor.org/rfc/rfc4892"},
}, check.Fact, check.Check{
	Applies: applies, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		version := t.Service.Fact("dns.version")
		if version != "" {
			return harrier.Present, "\nVersion : " + version + "\n", nil
		}
		if _, err := t.Fact("dns.recursion"); err != nil { // nobody talked to it
			return harrier.Unknown, "", err
		}
		return harrier.Absent, "", nil
	},
})

// ZoneTransfer reports a server that hands out a zone of the host's own name.
var ZoneTransfer = check.Define(harrier.Vulnerability{
	ID: 10595, Slug: "dns-zone-transfer", Name: "DNS Server Zone Transfer Information Disclosure (AXFR)", Family: family,
	Synopsis:    "The DNS server hands out whole zones.",
	Description: "The server sends a complete zone to whoever asks. It lists all names in it, also those that nobody was meant to guess.",
	Solution:    "Limit transfers to the other servers of the zone.",
	CVEs:        []string{"CVE-1999-0532"}, CWEs: []int{200},
	References: []string{"https://www.rfc-editor.org/rfc/rfc5936#section-6"},
}, check.Disclosure, check.Check{
	Applies: func(s harrier.Service) bool { return applies(s) && s.Protocol != harrier.UDP },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		zones := zonesOf(t.Name, t.Host.FQDN, t.Host.Name)
		if len(zones) == 0 {
			return harrier.Unknown, "", errors.New("no name of the host is known, and so no zone to ask for")
		}
		for _, zone := range zones {
			verdict, evidence, err := transfer(ctx, t, zone)
			if err != nil || verdict == harrier.Present {
				return verdict, evidence, err
			}
		}
		return harrier.Absent, "", nil
	},
})

// zonesOf lists the zones that names can be in: themselves and what is above
// them, but no top level.
func zonesOf(names ...string) []string {
	var zones []string
	seen := map[string]bool{}
	for _, name := range names {
		if _, ok := dns.IsDomainName(name); !ok || !strings.ContainsFunc(name, func(r rune) bool { return r >= 'a' && r <= 'z' }) || strings.Contains(name, ":") {
			continue
		}
		for labels := dns.SplitDomainName(name); len(labels) >= 2; labels = labels[1:] {
			if zone := dns.Fqdn(strings.Join(labels, ".")); !seen[zone] {
				seen[zone] = true
				zones = append(zones, zone)
			}
		}
	}
	return zones[:min(len(zones), 6)]
}

// transfer asks for zone. An answer without records is Absent.
func transfer(ctx context.Context, t check.Target, zone string) (harrier.Verdict, string, error) {
	c, err := t.Open(ctx)
	if err != nil {
		return harrier.Unknown, "", err
	}
	defer c.Close()
	q := new(dns.Msg)
	q.SetAxfr(zone)
	packed, err := q.Pack()
	if err != nil {
		return harrier.Unknown, "", fmt.Errorf("query: %w", err)
	}
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
		return harrier.Unknown, "", fmt.Errorf("send: %w", err)
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return harrier.Unknown, "", fmt.Errorf("no answer: %w", err)
	}
	body := make([]byte, binary.BigEndian.Uint16(head))
	if _, err := io.ReadFull(c, body); err != nil {
		return harrier.Unknown, "", fmt.Errorf("short answer: %w", err)
	}
	var reply dns.Msg
	if err := reply.Unpack(body); err != nil || reply.Id != q.Id || !reply.Response {
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(body))
	}
	return judge(zone, reply)
}

func judge(zone string, reply dns.Msg) (harrier.Verdict, string, error) {
	switch {
	case reply.Rcode == dns.RcodeSuccess && len(reply.Answer) > 1 && reply.Answer[0].Header().Rrtype == dns.TypeSOA:
		var lines []string
		for _, rr := range reply.Answer[:min(len(reply.Answer), 20)] {
			lines = append(lines, "  "+strings.ReplaceAll(rr.String(), "\t", " "))
		}
		return harrier.Present, fmt.Sprintf("The server sent the zone %s :\n\n%s", zone, strings.Join(lines, "\n")), nil
	case reply.Rcode == dns.RcodeServerFailure:
		return harrier.Unknown, "", errors.New("the server failed")
	}
	return harrier.Absent, "", nil
}
