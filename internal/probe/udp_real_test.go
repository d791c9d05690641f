package probe_test

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/probe"
)

// datagramServers are real ones at the usual ports of an address of their own,
// in the foreground; {D} is a folder, {A} the address.
var datagramServers = []struct {
	binary, debianPackage, prepare, args string
	port                                 uint16
	name, product                        string
	version                              bool              // is told
	facts                                map[string]string // "*" is anything
}{
	{
		"named", "bind9",
		`printf 'options { directory "{D}"; listen-on port 5354 { {A}; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; dnssec-validation no; recursion no; server-id "ns-hr"; };\ncontrols { };\n' >{D}/config`,
		"-g -c {D}/config", 5354, "dns", "ISC BIND", true,
		map[string]string{"dns.recursion": "no", "dns.id": "ns-hr"},
	},
	{
		"snmpd", "snmpd", `printf 'rocommunity public\nsyslocation Rack 4\nsysname hr-box\n' >{D}/config`, "-f -Lf {D}/log -C -c {D}/config -p {D}/pid -I -smux udp:{A}:161",
		161, "snmp", "net-snmp", false,
		map[string]string{"snmp.syslocation": "Rack 4", "host.name": "hr-box", "snmp.uptime": "*", "snmp.versions": "2c,3", "snmp.engine.vendor": "net-snmp"},
	},
	{
		"chronyd", "chrony", `printf 'local stratum 10\nallow\nbindaddress {A}\ncmdport 0\nbindcmdaddress /\npidfile {D}/pid\nuser root\n' >{D}/config`, "-d -x -f {D}/config",
		123, "ntp", "", false,
		map[string]string{"ntp.stratum": "10", "ntp.refid": "127.127.1.1"},
	},
	{
		"openssl", "openssl", `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hr -keyout {D}/key -out {D}/cert 2>{D}/log`,
		"s_server -dtls1_2 -listen -accept {A}:4433 -cert {D}/cert -key {D}/key -quiet", 4433, "dtls", "", false,
		map[string]string{"dtls.answer": "cookie"},
	},
	{"memcached", "memcached", "", "-u nobody -l {A} -U 11211", 11211, "memcached", "Memcached", true, map[string]string{"auth.required": "no"}},
}

// TestRealDatagrams identifies servers from Debian packages over UDP.
func TestRealDatagrams(t *testing.T) {
	needs.Root(t)
	needs.Binary(t, "bash", "bash")
	addr := netip.MustParseAddr("127.79.0.2")
	for _, c := range datagramServers {
		t.Run(c.binary, func(t *testing.T) {
			addr := addr
			if c.binary == "named" { // it serves addresses that an interface has
				addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
			}
			binary, dir := needs.Binary(t, c.binary, c.debianPackage), t.TempDir()
			fill := strings.NewReplacer("{D}", dir, "{A}", addr.String()).Replace
			if out, err := exec.CommandContext(t.Context(), "bash", "-c", fill(c.prepare)).CombinedOutput(); err != nil {
				t.Fatalf("prepare: %v: %s", err, out)
			}
			cmd := exec.CommandContext(t.Context(), binary, strings.Fields(fill(c.args))...)
			in, err := cmd.StdinPipe() // openssl ends with its input
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}()
			var s harrier.Service // a server that has just begun may refuse at first
			for began := time.Now(); (s.Name == "" || s.Product != c.product) && time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
				if s, err = probe.Identify(t.Context(), probe.Target{Addr: addr, Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: c.port}, RTT: time.Millisecond}); err != nil {
					t.Fatal(err)
				}
			}
			if s.Name != c.name || s.Product != c.product || (s.Version != "") != c.version {
				t.Errorf("Identify = %q %q %q; want %q %q, a version: %v", s.Name, s.Product, s.Version, c.name, c.product, c.version)
			}
			for key, want := range c.facts {
				if got := s.Fact(key); got != want && (want != "*" || got == "") {
					t.Errorf("fact %s = %q; want %q", key, got, want)
				}
			}
		})
	}
}
