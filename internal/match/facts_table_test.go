package match

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// windowsServer is what a scan by raw packets tells of a file server two
// routers away.
func windowsServer() (harrier.Host, []harrier.Service) {
	h := host
	h.Raw = true
	h.Route = []harrier.Hop{{Addr: netip.MustParseAddr("198.51.100.9")}, {Addr: netip.MustParseAddr("198.51.100.1"), RTT: 310}, {}, {Addr: h.Addr, RTT: 900}}
	h.OS, h.OSConfidence, h.OSMethod, h.DeviceType = "Windows Server 2022", 97, "SMB", "general-purpose"
	h.Signs = []harrier.Sign{
		{Source: "SMB", OS: "Windows", Version: "10.0.20348", Weight: 90, Text: "Windows 10.0\n build 20348"},
		{Source: "open ports", Device: "general-purpose", Weight: 40, Text: "135, 445"},
		{Source: "contradiction", OS: "Linux", Weight: -20, Text: "SMB speaks for Windows"},
	}
	h.Stack = &harrier.Stack{TTL: 126, Options: "MNWST", Clock: 77}
	return h, []harrier.Service{
		{Endpoint: tcp(135), Name: "msrpc", Facts: map[string]string{"msrpc.addresses": "files,192.0.2.7"}},
		{Endpoint: tcp(445), Name: "smb", Facts: map[string]string{
			"smb.dialects": "1,2.0.2,3.1.1", "smb.v1.os": "Windows Server 2022 20348", "smb.v1.manager": "Windows Server 2022 6.3",
			"smb.domain": "CORP", "smb.name": "FILES", "smb.fqdn": "files.corp.example",
		}},
		{Endpoint: tcp(3389), Name: "rdp", Facts: map[string]string{"rdp.security": "NLA", "rdp.protocols": "TLS,NLA", "rdp.nla": "no"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 137}, Name: "netbios-ns", Facts: map[string]string{"host.mac": "00:50:56:a6:60:bc"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 5353}, Name: "mdns", Facts: map[string]string{"host.name": "files", "mdns.services": "_smb._tcp"}},
	}
}

// linuxServer is what a scan by connecting tells of a machine whose software
// comes from a distribution.
func linuxServer() (harrier.Host, []harrier.Service) {
	h := host
	h.Reason, h.FQDN = "icmp timestamp", "a.example"
	h.Signs = []harrier.Sign{{Source: "TCP/IP stack", Weight: 1, Text: "not known"}}
	return h, []harrier.Service{
		{Endpoint: tcp(21), Name: "ftp", Banner: "220 ProFTPD Server (Debian) [192.0.2.7]"},
		{
			Endpoint: tcp(22), Name: "ssh", Product: "OpenSSH", Version: "9.2p1",
			Facts: map[string]string{"ssh.version": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2", "ssh.auth": "publickey,password", "ssh.hostkey": "ssh-ed25519 256 SHA256:abc"},
		},
		{
			Endpoint: tcp(80), Name: "http", Product: "Apache httpd", Version: "2.4.57",
			Facts: map[string]string{"http.status": "200", "http.server": "Apache/2.4.57 (Debian)", "http.powered_by": "PHP/5.4.45-0+deb7u2", "http.methods": "POST, GET, GET, OPTIONS"},
		},
		{Endpoint: tcp(111), Name: "rpcbind", Facts: map[string]string{"rpc.programs": "nfs 3/tcp:2049,portmapper 2/tcp:111"}},
		{Endpoint: tcp(8081), Name: "http", Product: "lighttpd", TLS: true, Certificates: []harrier.Certificate{
			{Subject: "CN=b.example", Issuer: "CN=Root", NotAfter: now.Add(40 * 24 * time.Hour), DNSNames: []string{"b.example", "A.EXAMPLE.", "*.example", "192.0.2.7"}},
			{Subject: "CN=Root", Issuer: "CN=Root", NotBefore: now, NotAfter: now.Add(400 * 24 * time.Hour)},
		}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, Name: "dns", Product: "ISC BIND", Version: "9.18.24", Facts: map[string]string{"dns.version": "9.18.24-1-Debian", "dns.id": "ns1"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 123}, Name: "ntp", Facts: map[string]string{"ntp.stratum": "2", "ntp.refid": "192.0.2.99"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 5353}, Name: "mdns"},
	}
}

// TestHostRecords holds the records of two realistic hosts to their texts.
func TestHostRecords(t *testing.T) {
	wh, ws := windowsServer()
	lh, ls := linuxServer()
	for _, c := range []struct {
		id    harrier.VulnID
		win   []string
		linux []string
	}{
		{11219, []string{"Port 135/tcp was found to be open", "Port 445/tcp was found to be open", "Port 3389/tcp was found to be open"}, nil},
		{10335, nil, []string{"Port 21/tcp was found to be open", "Port 22/tcp was found to be open", "Port 80/tcp was found to be open", "Port 111/tcp was found to be open", "Port 8081/tcp was found to be open"}},
		{10287, []string{"The way from 198.51.100.9 to 192.0.2.7 :\n\n198.51.100.9\n198.51.100.1\n?\n192.0.2.7\n\nHop Count: 3\n"}, nil},
		{11936, []string{"\nRemote operating system : Windows Server 2022\nConfidence level : 97\nMethod : SMB\n\nSigns :\n  SMB (90) : Windows 10.0 build 20348\n  open ports (40) : 135, 445\n  contradiction (-20) : SMB speaks for Windows\n\n \nThe remote host is running Windows Server 2022"}, nil},
		{50350, nil, []string{"\nNothing that the host answered tells its operating system.\n\nSigns :\n  TCP/IP stack (1) : not known\n\n"}},
		{209654, []string{"\nRemote operating system : Windows 10.0.20348\nConfidence level : 90\nMethod : SMB\nFingerprint : Windows 10.0 build 20348\n"}, nil},
		{54615, []string{"Remote device type : general-purpose\nConfidence level : 40\n"}, nil},
		{25220, []string{"The host answered a SYN packet with the TCP timestamp option.\n"}, nil},
		{10114, nil, []string{"The host answered an ICMP timestamp request.\n"}},
		{86420, []string{"Hardware addresses seen :\n  - 00:50:56:A6:60:BC\n"}, nil},
		{35716, []string{"\nMakers of the network cards :\n\n00:50:56:A6:60:BC : VMware, Inc.\n"}, nil},
		{20094, []string{"The network card with the address 00:50:56:A6:60:BC is one of a VMware virtual machine.\n"}, nil},
		{10150, []string{"\n FILES            = Computer name\n CORP             = Workgroup / Domain name\n\nThe host tells this address of its network card :\n\n   00:50:56:A6:60:BC\n"}, nil},
		{46180, []string{"\nFurther names of the host :\n\n  - files.corp.example\n"}, []string{"\nFurther names of the host :\n\n  - b.example\n"}},
		{39520, nil, []string{"\nSoftware from a distribution that mends old versions :\n\n  22/tcp : Debian (SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2)\n"}},
		{39521, nil, []string{"\nSoftware from a distribution that mends old versions :\n\n  80/tcp : Debian (Apache/2.4.57 (Debian))\n"}},
		{39519, nil, []string{"\nSoftware from a distribution that mends old versions :\n\n  21/tcp : Debian (220 ProFTPD Server (Debian) [192.0.2.7])\n"}},
		{84574, nil, []string{"\nSoftware from a distribution that mends old versions :\n\n  80/tcp : Debian (PHP/5.4.45-0+deb7u2)\n"}},
		{48204, nil, []string{"\nURL : http://192.0.2.7:80/\nVersion : 2.4.57\nSource : Apache/2.4.57 (Debian)\nBackported : perhaps: it comes from Debian\n"}},
		{106628, nil, []string{"\nURL : https://192.0.2.7:8081/\nVersion : unknown\nBackported : no\n"}},
		{181418, nil, []string{"\nService : ssh\nVersion : 9.2p1\nBanner : SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\n"}},
		{10267, nil, []string{"\nSSH version : SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\nSSH supported authentication : publickey,password\nSSH host keys : ssh-ed25519 256 SHA256:abc\n"}},
		{43111, nil, []string{"\nBy the answer to OPTIONS :\n\n  - The methods GET OPTIONS POST are allowed on :\n\n    /\n"}},
		{94761, nil, []string{"\nSubject : CN=Root\nIssuer : CN=Root\nValid From : Mar 01 09:30:00 2026 GMT\nValid To : Apr 05 09:30:00 2027 GMT\n"}},
		{83298, nil, []string{"\nCertificates that end soon :\n\n  Subject         : CN=b.example\n  Not valid after : Apr 10 09:30:00 2026 GMT\n"}},
		{11111, nil, []string{"\nRPC programs, with version, protocol and port :\n\n  - nfs 3/tcp:2049\n  - portmapper 2/tcp:111\n"}},
		{72779, nil, []string{"\nDNS server answer for \"version.bind\" : 9.18.24-1-Debian\nProduct : ISC BIND\nVersion : 9.18.24\n"}},
		{35371, nil, []string{"\nThe server calls itself :\n\n  ns1\n"}},
		{10884, nil, []string{"An NTP server answered on this port.\n\nStratum : 2\nReference : 192.0.2.99\n"}},
		{10736, []string{"\nA DCE/RPC service answered on this port.\n\nIt is reached by these names and addresses :\n\n  files\n  192.0.2.7\n"}, nil},
		{10785, []string{"\nOperating system : Windows Server 2022 20348\nLAN manager : Windows Server 2022 6.3\nDomain name : CORP\n"}, nil},
		{106716, []string{"\nThe server speaks these dialects :\n\n  2.0.2\n  3.1.1\n"}, nil},
		{11011, []string{"An SMB server answered on this port.\n"}, nil},
		{10940, []string{"A remote desktop (RDP) server answered on this port.\n\nSecurity : NLA\nSecurity layers offered : TLS,NLA\nNetwork level authentication needed : no\n"}, nil},
		{12218, []string{"The host answered questions by mDNS.\n\nName : files\nServices : _smb._tcp\n"}, nil},
	} {
		if got := state(Context{Now: now}, wh, ws, c.id); strings.Join(got, "|") != strings.Join(c.win, "|") {
			t.Errorf("%d of the Windows server = %q; want %q", c.id, got, c.win)
		}
		if got := state(Context{Now: now}, lh, ls, c.id); strings.Join(got, "|") != strings.Join(c.linux, "|") {
			t.Errorf("%d of the Linux server = %q; want %q", c.id, got, c.linux)
		}
	}
}

// TestPlaces holds statements about the host itself to the place that clients
// look for them at.
func TestPlaces(t *testing.T) {
	wh, ws := windowsServer()
	lh, ls := linuxServer()
	list := append(Facts(Context{Now: now}, wh, ws, nil), Facts(Context{Now: now}, lh, ls, nil)...)
	for id, want := range map[harrier.VulnID]harrier.Endpoint{
		10287: {Protocol: harrier.UDP}, 10114: {Protocol: harrier.ICMP}, 11936: {Protocol: harrier.TCP}, 35716: {Protocol: harrier.TCP}, 39520: {Protocol: harrier.TCP}, 46180: {Protocol: harrier.TCP},
	} {
		seen := false
		for _, o := range list {
			if o.Vulnerability == id {
				seen = true
				if o.Endpoint != want {
					t.Errorf("%d is at %v; want %v", id, o.Endpoint, want)
				}
			}
		}
		if !seen {
			t.Errorf("%d is not stated", id)
		}
	}
}

// TestRouteEnd shows a way that was not followed to its end, and a neighbour.
func TestRouteEnd(t *testing.T) {
	own, router := netip.MustParseAddr("198.51.100.9"), netip.MustParseAddr("198.51.100.1")
	for _, c := range []struct {
		route []harrier.Hop
		want  string
	}{
		{[]harrier.Hop{{Addr: own}, {Addr: router}}, "The way from 198.51.100.9 to 192.0.2.7 :\n\n198.51.100.9\n198.51.100.1\n?\n\nHop Count: 1\n"},
		{[]harrier.Hop{{Addr: own}, {Addr: host.Addr}}, "The way from 198.51.100.9 to 192.0.2.7 :\n\n198.51.100.9\n192.0.2.7\n\nHop Count: 1\n"},
		{[]harrier.Hop{{Addr: own}}, ""},
		{nil, ""},
	} {
		h := host
		h.Route = c.route
		if got := routeText(Context{}, h, nil); got != c.want {
			t.Errorf("%v = %q; want %q", c.route, got, c.want)
		}
	}
}

// TestNeighbourMDNS: a neighbour may answer by mDNS, and so may a host of which
// it is not known whether it is one.
func TestNeighbourMDNS(t *testing.T) {
	h, services := windowsServer()
	h.Route = h.Route[2:]
	if got := state(Context{Now: now}, h, services, 12218); len(got) > 0 {
		t.Errorf("without a router on the way: %q", got)
	}
	h, _ = windowsServer()
	h.MAC = "02:00:5e:10:00:01"
	if got := state(Context{Now: now}, h, services, 12218); len(got) > 0 {
		t.Errorf("on the engine's link: %q", got)
	}
}

// TestOSFailed: a host that was not asked what it serves is not told that its
// system could not be told.
func TestOSFailed(t *testing.T) {
	h, services := linuxServer()
	for _, set := range []harrier.Settings{{PortsOnly: true}, {DiscoverOnly: true}} {
		c := Context{Now: now}
		c.Scan.Plan.Settings = set
		if got := state(c, h, services, 50350); len(got) > 0 {
			t.Errorf("with %+v: %q", set, got)
		}
	}
	h.Signs = nil
	if got := state(Context{Now: now}, h, []harrier.Service{{Endpoint: tcp(9)}}, 50350); len(got) > 0 {
		t.Errorf("with a port that told nothing: %q", got)
	}
}

// TestPortScanner holds the line of 19506 to the way in which ports were found.
func TestPortScanner(t *testing.T) {
	raw := host
	raw.Raw = true
	for _, c := range []struct {
		host harrier.Host
		set  harrier.Settings
		want string
	}{
		{host, harrier.Settings{}, "nessus_tcp_scanner"},
		{raw, harrier.Settings{}, "nessus_syn_scanner"},
		{host, harrier.Settings{NoTCP: true, UDP: true}, "nessus_udp_scanner"},
	} {
		x := Context{Now: now}
		x.Scan.Plan.Settings = c.set
		if got := state(x, c.host, nil, 19506); len(got) != 1 || !strings.Contains(got[0], "\nPort scanner(s) : "+c.want+" \n") {
			t.Errorf("19506 lacks %s:\n%s", c.want, got)
		}
	}
}

// TestServiceText shows services that share a port and one inside TLS of which
// nothing is known.
func TestServiceText(t *testing.T) {
	for want, s := range map[string]harrier.Service{
		"A web server is running on this port.\nThe port answers to these protocols too : ssh": {Name: "http", Also: []string{"ssh"}},
		"A TLS server is running on this port.":                                                {Name: "tls", TLS: true},
		"A Redis server is running on this port through TLS.":                                  {Name: "redis", TLS: true},
		"A service that speaks frobnicate is running on this port through TLSv1.2.":            {Name: "frobnicate", TLS: true, Facts: map[string]string{"tls.versions": "TLSv1.0,TLSv1.2"}},
	} {
		if got := serviceText(s); got != want {
			t.Errorf("%s: %q; want %q", s.Name, got, want)
		}
	}
}

// TestCertificateText describes a certificate as it was sent.
func TestCertificateText(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(0x0a1b), Subject: pkix.Name{CommonName: "web.example", Organization: []string{"Acme\nInc"}, Country: []string{"DE"}},
		NotBefore: now, NotAfter: now.Add(time.Hour), DNSNames: []string{"web.example", "www.example"}, BasicConstraintsValid: true, SubjectKeyId: []byte{1, 2},
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := certificateText(harrier.Service{Certificates: []harrier.Certificate{{DER: der}}})
	for _, want := range []string{
		"Subject Name: \n\nCountry: DE\nOrganization: Acme Inc\nCommon Name: web.example\n", "Issuer Name: \n\n", "Serial Number: 0A 1B\n", "Version: 3\n",
		"Signature Algorithm: ECDSA-SHA256\n", "Not Valid Before: Mar 01 09:30:00 2026 GMT\nNot Valid After: Mar 01 10:30:00 2026 GMT\n",
		"Algorithm: EC Encryption\nCurve: P-256\nKey Length: 256 bits\nPublic Key: 04 ", "Extension: Subject Key Identifier (2.5.29.14)\nCritical: 0\nSubject Key Identifier: 01 02\n",
		"Extension: Basic Constraints (2.5.29.19)\nCritical: 1\nCA: FALSE\n", "DNS: web.example\nDNS: www.example\n", "SHA-256 Fingerprint: ", "SHA-1 Fingerprint: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	block, _ := pem.Decode([]byte(text[strings.Index(text, "-----BEGIN"):]))
	if block == nil || string(block.Bytes) != string(der) {
		t.Errorf("the certificate is not in the text:\n%s", text)
	}
	broken := certificateText(harrier.Service{Certificates: []harrier.Certificate{{DER: der[:20], Subject: "CN=web.example"}}})
	if !strings.Contains(broken, "Subject Name : CN=web.example\n") {
		t.Errorf("of a certificate that can not be parsed: %q", broken)
	}
}

// FuzzCertificateText reads what peers send.
func FuzzCertificateText(f *testing.F) {
	f.Add([]byte{0x30, 0x82})
	f.Fuzz(func(t *testing.T, der []byte) {
		if text := certificateText(harrier.Service{Certificates: []harrier.Certificate{{DER: der}}}); text == "" {
			t.Error("nothing is told of a certificate")
		}
	})
}
