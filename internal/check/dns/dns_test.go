package dns

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFacts(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		facts map[string]string
		want  harrier.Verdict
	}{
		{Recursion, map[string]string{"dns.recursion": "yes"}, harrier.Present},
		{Recursion, map[string]string{"dns.recursion": "no"}, harrier.Absent},
		{Recursion, nil, harrier.Unknown},
		{Version, map[string]string{"dns.recursion": "no", "dns.version": "9.18.49"}, harrier.Present},
		{Version, map[string]string{"dns.recursion": "no"}, harrier.Absent},
		{Version, nil, harrier.Unknown},
	} {
		checktest.Expect(t, c.check, check.Target{Service: harrier.Service{Name: "dns", Facts: c.facts}}, c.want)
	}
}

// answers replies to a query over TCP with what make adds.
func answers(fill func(*dns.Msg)) wiretest.Dialer {
	return wiretest.Serve(func(c net.Conn) {
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		var q dns.Msg
		if err != nil || q.Unpack(buf[2:n]) != nil {
			return
		}
		r := new(dns.Msg)
		r.SetReply(&q)
		fill(r)
		b, err := r.Pack()
		if err != nil {
			return
		}
		_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
	})
}

func TestZoneTransfer(t *testing.T) {
	soa := &dns.SOA{Hdr: dns.RR_Header{Name: "example.test.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60}, Ns: "ns.", Mbox: "m."}
	a := &dns.A{Hdr: dns.RR_Header{Name: "www.example.test.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1)}
	for _, c := range []struct {
		name string
		dial wiretest.Dialer
		fqdn string
		want harrier.Verdict
	}{
		{"vulnerable", answers(func(m *dns.Msg) { m.Answer = []dns.RR{soa, a, soa} }), "www.example.test", harrier.Present},
		{"fixed", answers(func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }), "www.example.test", harrier.Absent},
		{"not the zone's", answers(func(m *dns.Msg) { m.Rcode = dns.RcodeNotAuth }), "www.example.test", harrier.Absent},
		{"fails", answers(func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }), "www.example.test", harrier.Unknown},
		{"no name", answers(func(*dns.Msg) {}), "", harrier.Unknown},
		{"foreign", wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), "a.test", harrier.Unknown},
		{"silent", wiretest.Silence(), "a.test", harrier.Unknown},
		{"hangs up", wiretest.Answer(""), "a.test", harrier.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := check.Target{Dial: c.dial, Timeout: 200 * time.Millisecond, Host: harrier.Host{FQDN: c.fqdn, Name: "192.0.2.1"}}
			checktest.Expect(t, ZoneTransfer, target, c.want)
		})
	}
}

func TestZonesOf(t *testing.T) {
	got := zonesOf("a.b.example.test", "", "192.0.2.1", "2001:db8::1", "b.example.test.")
	if diff := cmp.Diff([]string{"a.b.example.test.", "b.example.test.", "example.test."}, got); diff != "" {
		t.Errorf("zonesOf differs (-want +got):\n%s", diff)
	}
}

func TestNamed(t *testing.T) {
	zone := checktest.Write(t, "zone", "$TTL 60\n@ SOA ns m 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.1\n")
	for allow, want := range map[string]harrier.Verdict{"any": harrier.Present, "none": harrier.Absent} {
		port, dir := checktest.Port(t), t.TempDir()
		conf := checktest.Write(t, "conf", fmt.Sprintf(`options { directory %q; pid-file none; session-keyfile none; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
allow-transfer { %s; }; recursion no; dnssec-validation no; empty-zones-enable no; };
controls { };
zone "example.test" { type primary; file %q; };`, dir, port, allow, zone))
		checktest.Daemon(t, port, "named", "-g", "-c", conf, "-n", "1")
		target := checktest.At("dns", port, false)
		target.Host.FQDN = "www.example.test"
		checktest.Expect(t, ZoneTransfer, target, want)
	}
}
