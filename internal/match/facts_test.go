package match

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

var (
	now  = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	host = harrier.Host{
		Name: "192.0.2.7", Addr: netip.MustParseAddr("192.0.2.7"), Alive: true, Reason: "tcp syn-ack 22",
		Started: now.Add(-137 * time.Second), Ended: now, RTT: 1234,
	}
	tcp = func(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }
)

// state returns the outputs of one fact, in order.
func state(c Context, h harrier.Host, services []harrier.Service, id harrier.VulnID) []string {
	var out []string
	for _, o := range Facts(c, h, services, harrier.NewIDs([]harrier.VulnID{id})) {
		if o.Vulnerability != id {
			out = append(out, "not planned: "+o.Evidence)
			continue
		}
		out = append(out, o.Evidence)
	}
	return out
}

func TestPing(t *testing.T) {
	for reason, want := range map[string]string{
		"local":                 "The remote host is up\nThe host is the local scanner.",
		"icmp echo":             "The remote host is up\nThe remote host replied to an ICMP echo packet",
		"tcp syn-ack 22":        "The remote host is up\nThe remote host replied to a TCP SYN packet sent to port 22 with a SYN,ACK packet",
		"tcp rst 443":           "The remote host is up\nThe remote host replied to a TCP SYN packet sent to port 443 with a RST,ACK packet",
		"arp 02:00:5E:10:00:01": "The remote host is up\nThe host replied to an ARP who-is query.\nHardware address : 02:00:5e:10:00:01",
		"not pinged":            "",
		"":                      "",
	} {
		h := host
		h.Reason = reason
		if got := strings.Join(state(Context{Now: now}, h, nil, 10180), "|"); got != want {
			t.Errorf("10180 for %q = %q; want %q", reason, got, want)
		}
	}
}

func TestDeadHost(t *testing.T) {
	h := harrier.Host{Addr: netip.MustParseAddr("192.0.2.8")}
	c := Context{Now: now}
	if got := Facts(c, h, nil, nil); len(got) != 0 {
		t.Errorf("Facts of a dead host = %v; want none", got)
	}
	c.Scan.Plan.Settings.ReportDead = true
	want := "The remote host (192.0.2.8) is considered as dead - not scanning\n" +
		"The remote host (192.0.2.8) did not respond to the following ping methods :\n- TCP ping\n- ICMP ping"
	if got := Facts(c, h, nil, nil); len(got) != 1 || got[0].Evidence != want || got[0].Vulnerability != 10180 {
		t.Errorf("Facts of a dead host that is reported = %v; want %q", got, want)
	}
}

func TestScanInformation(t *testing.T) {
	c := Context{Scan: harrier.Scan{Name: "lab", PolicyName: "Basic"}, Version: "0.1", Scanner: netip.MustParseAddr("192.0.2.1"), Now: now}
	got := state(c, host, nil, 19506)
	if len(got) != 1 {
		t.Fatalf("19506 is stated %d times; want once", len(got))
	}
	for _, want := range []string{
		"Information about this scan : \n\n", "\nNessus version : 0.1\n", "\nScan name : lab\n", "\nScan policy used : Basic\n", "\nScanner IP : 192.0.2.1\n",
		"\nPort range : default\n", "\nPing RTT : 1.234 ms\n", "\nSafe checks : yes\n", "\nCredentialed checks : no\n", "\nMax hosts : 64\n", "\nMax checks : 8\n",
		"\nRecv timeout : 5\n", "\nBackports : None\n", "\nScan Start Date : 2026/3/1 09:27 UTC (UTC +00:00)\n", "\nScan duration : 137 sec\n", "\nScan for malware : no\n",
	} {
		if !strings.Contains(got[0], want) {
			t.Errorf("19506 lacks %q:\n%s", want, got[0])
		}
	}
	for line := range strings.Lines(strings.TrimPrefix(got[0], "Information about this scan : \n\n")) {
		if !strings.Contains(line, " : ") {
			t.Errorf("19506 has a line without a separator: %q", line)
		}
	}
}

func TestServiceFacts(t *testing.T) {
	web := harrier.Service{
		Endpoint: tcp(443), Name: "http", TLS: true, CPE: "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*", Banner: "ignored",
		Facts:        map[string]string{"http.status": "HTTP/1.1 200 OK", "http.server": "nginx/1.22.1", "http.headers": "Server: nginx/1.22.1\r\nVary: *", "tls.versions": "TLSv1.2,TLSv1.3"},
		Certificates: []harrier.Certificate{{Subject: "CN=a", Issuer: "CN=b", Serial: "0A", NotBefore: now, NotAfter: now, Key: "RSA", KeyBits: 2048}},
	}
	ssh := harrier.Service{Endpoint: tcp(22), Name: "ssh", Facts: map[string]string{"ssh.version": "SSH-1.99-x", "ssh.kex": "a,b", "ssh.macs": "c"}}
	blog := harrier.Service{Endpoint: tcp(8080), Name: "http", Facts: map[string]string{"http.status": "302", "http.redirect": "/blog"}, Technologies: []harrier.Technology{{Name: "PHP"}, {Name: "WordPress", Version: "6.4.2"}}}
	if got, want := httpText(blog), "\nResponse Code : 302\nSSL : no\nRedirects to : /blog\nTechnologies :\n\n  PHP\n  WordPress 6.4.2\n\n"; got != want {
		t.Errorf("httpText = %q; want %q", got, want)
	}
	odd := harrier.Service{Endpoint: tcp(9999), Banner: "hello\r\n"}
	closed := harrier.Service{Endpoint: tcp(7)}
	dns := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, Name: "dns"}
	all := []harrier.Service{web, ssh, odd, closed, dns}
	h := host
	h.OS, h.OSConfidence, h.OSMethod, h.OSCPE, h.DeviceType = "Debian GNU/Linux 12", 95, "SSH", "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", "general-purpose"
	h.FQDN, h.MAC, h.NetBIOS = "a.example", "02:00:5e:10:00:01", "ALPHA"
	for _, c := range []struct {
		id   harrier.VulnID
		want []string
	}{
		{10335, []string{"Port 7/tcp was found to be open", "Port 22/tcp was found to be open", "Port 443/tcp was found to be open", "Port 9999/tcp was found to be open"}},
		{34277, []string{"Port 53/udp was found to be open"}},
		{22964, []string{"An SSH server is running on this port.", "A web server is running on this port through TLSv1.3.", "A DNS server is running on this port."}},
		{11154, []string{"\nThe service sent :\n\nhello\n"}},
		{10107, []string{"The remote web server type is :\n\nnginx/1.22.1"}},
		{24260, []string{"\nResponse Code : HTTP/1.1 200 OK\nSSL : yes\nHeaders :\n\n  Server: nginx/1.22.1\n  Vary: *\n"}},
		{10267, []string{"\nSSH version : SSH-1.99-x\n"}},
		{10881, []string{"\nThe server speaks these versions of the SSH protocol :\n\n  - 1.99\n  - 2.0\n"}},
		{70657, []string{"\nThe server offers for kex_algorithms : \n\n  a\n  b\n\nThe server offers for mac_algorithms : \n\n  c\n"}},
		{56984, []string{"\nThis port supports TLSv1.2/TLSv1.3.\n"}},
		{136318, []string{"TLSv1.2 is enabled on this port.\n"}},
		{121010, nil},
		{11936, []string{"\nRemote operating system : Debian GNU/Linux 12\nConfidence level : 95\nMethod : SSH\n\n \nThe remote host is running Debian GNU/Linux 12"}},
		{54615, []string{"Remote device type : general-purpose\nConfidence level : 95\n"}},
		{45590, []string{"\nCPE of the operating system : \n\n  cpe:/o:debian:debian_linux:12 -> Debian Debian Linux\n\nCPE of the applications : \n\n  cpe:/a:f5:nginx:1.22.1 -> F5 Nginx\n"}},
		{12053, []string{"\n192.0.2.7 resolves as a.example.\n"}},
		{86420, []string{"Hardware addresses seen :\n  - 02:00:5E:10:00:01\n"}},
		{10150, []string{"\n ALPHA            = Computer name\n"}},
		{11002, []string{"A DNS server answered on this port.\n"}},
	} {
		got := state(Context{Now: now}, h, all, c.id)
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%d states %q; want %q", c.id, got, c.want)
		}
	}
	if got := state(Context{Now: now}, h, all, 10863); len(got) != 1 || !strings.Contains(got[0], "Subject Name : CN=a\n") {
		t.Errorf("10863 states %q; want one certificate", got)
	}
}

// TestFactsOnce holds Facts to what clients rely on: nothing is stated twice,
// and without a plan everything can be.
func TestFactsOnce(t *testing.T) {
	services := []harrier.Service{{Endpoint: tcp(22), Name: "ssh"}, {Endpoint: tcp(80), Name: "http"}}
	seen := map[harrier.Instance]bool{}
	for _, o := range Facts(Context{Now: now}, host, services, nil) {
		if seen[o.Instance()] {
			t.Errorf("%v is stated twice", o.Instance())
		}
		seen[o.Instance()] = true
		if o.Certainty != harrier.Certain || o.Source != "fact" || !o.At.Equal(now) {
			t.Errorf("observation %+v; want certain, a fact, now", o)
		}
	}
	for _, id := range []harrier.VulnID{19506, 10180} {
		if !seen[harrier.Instance{Vulnerability: id, Endpoint: wholeHost}] {
			t.Errorf("%d is not stated", id)
		}
	}
}
