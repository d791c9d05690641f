package probe

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// x11Open is the beginning of the answer of an X.Org server 21.1.7: the fixed
// part, the vendor, and nothing of screens.
const x11Open = "\x01\x00\x0b\x00\x00\x00\x0d\x00" + "\x8f\xa5\xb8\x00" + "\x00\x00\x40\x00\xff\xff\x1f\x00\x00\x01\x00\x00\x14\x00\xff\xff\x01\x07\x00\x00\x20\x20\x08\xff\x00\x00\x00\x00" + "The X.Org Foundation"

const spiceAnswer = "REDQ\x02\x00\x00\x00\x02\x00\x00\x00\xb6\x00\x00\x00" + "\x00\x00\x00\x00" + spicePublicKey + "\x01\x00\x00\x00\x00\x00\x00\x00\xb2\x00\x00\x00" + "\x0b\x00\x00\x00"

const spicePublicKey = "\x30\x81\x9f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x81\x8d\x00\x30\x81\x89\x02\x81\x81\x00" + spiceModulus + "\x02\x03\x01\x00\x01"

const spiceModulus = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var jdwpAnswer = jdwpHandshake + func() string {
	body := "\x00\x00\x00\x00\x00\x00\x68\x72\x80\x00\x00" + text32("Java Debug Wire Protocol (Reference Implementation) version 17.0\nJVM Debug Interface version 17.0") +
		"\x00\x00\x00\x11\x00\x00\x00\x00" + text32("17.0.9") + text32("OpenJDK 64-Bit Server VM")
	packet := []byte(body)
	packet[2], packet[3] = byte(len(body)>>8), byte(len(body))
	return string(packet)
}()

var rmiNames = "\x51\xac\xed\x00\x05\x77\x0f\x01\x7f\x00\x00\x01\x00\x00\x01\x8b\x00\x00\x00\x00\x80\x02" +
	"ur\x00\x13[Ljava.lang.String;\xad\xd2\x56\xe7\xe9\x1d\x7b\x47\x02\x00\x00\x70\x78\x70\x00\x00\x00\x02t\x00\x06jmxrmit\x00\x03app"

const erlangGreeting = "\x00\x03sok" + "\x00\x24N\x00\x00\x00\x0d\x07\xdf\x7f\xbd\x12\x34\x56\x78\x00\x00\x00\x01\x00\x11rabbit@mail.test"

func erlangAnswer() string {
	const node = "rabbit@mail.test"
	challenge := "N\x00\x00\x00\x0d\x07\xdf\x7f\xbd\x12\x34\x56\x78\x00\x00\x00\x01\x00" + string(rune(len(node))) + node
	return "\x00\x03sok\x00" + string(rune(len(challenge))) + challenge
}

func TestRemoteAccess(t *testing.T) {
	adb := string(adbMessage("CNXN", 0x01000001, 1<<20, "device::ro.product.name=walleye;ro.product.model=Pixel 2;ro.product.device=walleye;features=shell_v2,cmd"))
	identifyPeers(t, false, []peer{
		{
			"x11", 6000, wiretest.Replies(map[string]string{"l\x00\x0b": x11Open}),
			harrier.Service{Product: "X.Org X Server", Version: "21.1.7", CPE: "cpe:2.3:a:x.org:x_server:21.1.7:*:*:*:*:*:*:*"},
			map[string]string{"x11.vendor": "The X.Org Foundation", "x11.release": "12101007", "auth.required": "no", "x11.protocol": "11.0"},
		},
		{
			"x11 closed", 6063, wiretest.Replies(map[string]string{"l\x00\x0b": "\x00\x16\x0b\x00\x00\x00\x06\x00Authorization required\n\x00"}),
			harrier.Service{},
			map[string]string{"auth.required": "yes", "x11.reason": "Authorization required"},
		},
		{
			"spice", 5900, wiretest.Replies(map[string]string{"REDQ": spiceAnswer, "": "REDQ\x02\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00"}),
			harrier.Service{Product: "SPICE server"},
			map[string]string{"spice.protocol": "2.2", "spice.auth": "spice", "device.hint": "hypervisor"},
		},
		{"ica", 1494, wiretest.Banner("\x7f\x7fICA\x00\x7f\x7fICA\x00"), harrier.Service{Product: "Citrix ICA"}, nil},
		{
			"teamviewer", 5938, wiretest.Banner("\x17\x24\x0a\x20\x00\xaa\xbb\xcc\xdd\x88\x13\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x11\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			harrier.Service{Product: "TeamViewer"},
			nil,
		},
		{
			"radmin", 4899, wiretest.Replies(map[string]string{"\x01\x00\x00\x00\x01": "\x01\x00\x00\x00\x25\x00\x00\x02\x10\x08\x01\x00\x09\x08" + strings.Repeat("\x00", 32)}),
			harrier.Service{Product: "Radmin"},
			map[string]string{"radmin.generation": "3", "os.hint": "Windows"},
		},
		{"nx", 4000, wiretest.Replies(map[string]string{"NXSH-": "NXD-8.11.3\n"}), harrier.Service{Product: "NoMachine", Version: "8.11.3"}, nil},
		{
			"vmware-auth", 902, wiretest.Banner("220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP, MKSDisplayProtocol:VNC , , NFCSSL supported/t\r\n"),
			harrier.Service{Product: "VMware Authentication Daemon", Version: "1.10"},
			map[string]string{"vmware.ssl": "yes", "vmware.daemon": "SOAP", "device.hint": "hypervisor"},
		},
		{
			"adb", 5555, wiretest.Replies(map[string]string{"CNXN": adb}),
			harrier.Service{Product: "Android Debug Bridge"},
			map[string]string{"device.model": "Pixel 2", "adb.product": "walleye", "adb.state": "device", "auth.required": "no", "os.hint": "Android"},
		},
		{
			"adb closed", 5555, wiretest.Replies(map[string]string{"CNXN": string(adbMessage("AUTH", 1, 0, strings.Repeat("t", 20)))}),
			harrier.Service{Product: "Android Debug Bridge"},
			map[string]string{"auth.required": "yes"},
		},
		{
			"jdwp", 5005, wiretest.Replies(map[string]string{"JDWP": jdwpAnswer}),
			harrier.Service{Product: "OpenJDK", Version: "17.0.9", CPE: "cpe:2.3:a:oracle:openjdk:17.0.9:*:*:*:*:*:*:*"},
			map[string]string{"jdwp.protocol": "17.0"},
		},
		{"jdwp at an odd port", 4711, wiretest.Replies(map[string]string{"JDWP": jdwpAnswer}), harrier.Service{Product: "OpenJDK", Version: "17.0.9"}, nil},
		{
			"java-rmi", 1099, wiretest.Replies(map[string]string{"JRMI": "N\x00\x0910.0.0.99\x00\x00\xa1\xb2", "\x00\x01h": rmiNames}),
			harrier.Service{},
			map[string]string{"rmi.registry": "yes", "rmi.names": "jmxrmi,app", "rmi.jmx": "yes"},
		},
		{
			"erlang-distribution", 25672, wiretest.Replies(map[string]string{"\x00": erlangAnswer()}),
			harrier.Service{Product: "Erlang/OTP"},
			map[string]string{"erlang.node": "rabbit@mail.test", "host.name": "mail.test"},
		},
		{"rlogin", 513, wiretest.Replies(map[string]string{"\x00harrier": "\x00\x80Password: "}), harrier.Service{}, map[string]string{"auth.required": "yes"}},
		{"rsh", 514, wiretest.Replies(map[string]string{"0\x00harrier\x00harrier": "\x01Permission denied.\n"}), harrier.Service{}, nil},
		{"rexec", 512, wiretest.Replies(map[string]string{"0\x00harrier\x00\x00": "\x01Login incorrect.\n"}), harrier.Service{}, nil},
	})
}

// TestX11Releases reads the numbers of servers as their packages build them.
func TestX11Releases(t *testing.T) {
	for release, want := range map[uint32][2]string{
		12101007: {"X.Org X Server", "21.1.7"}, 12013000: {"X.Org X Server", "1.20.13"}, 11604000: {"X.Org X Server", "1.16.4"},
		12302001: {"Xwayland", "23.2.1"}, 70000000: {"X.Org X Server", ""}, 0: {"X.Org X Server", ""},
	} {
		x := newTalk(tcpTarget(6000, wiretest.Refuse()))
		x.x11Product(x11Setup{vendor: "The X.Org Foundation", release: release})
		if x.s.Product != want[0] || x.s.Version != want[1] {
			t.Errorf("release %d is %q %q; want %q %q", release, x.s.Product, x.s.Version, want[0], want[1])
		}
	}
}

// TestBehindTLS identifies what can be told only inside TLS or by the
// certificate.
func TestBehindTLS(t *testing.T) {
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	anydesk := certifiedAs(t, pkix.Name{CommonName: "AnyDesk Client"})
	for _, c := range []struct {
		port          uint16
		dial          wiretest.Dialer
		name, product string
		version       string
	}{
		{7070, wiretest.Serve(func(c net.Conn) {
			secure := tls.Server(c, anydesk)
			if secure.HandshakeContext(t.Context()) == nil {
				silent(secure)
			}
		}), "anydesk", "AnyDesk", ""},
		{64738, tlsServer(t, &tls.Config{}, func(c net.Conn) {
			_, _ = io.WriteString(c, mumbleGreeting)
			silent(c)
		}), "mumble", "Mumble server", "1.3.4"},
		{8009, tlsServer(t, &tls.Config{}, func(c net.Conn) {
			b := make([]byte, 4096)
			if n, _ := c.Read(b); n > 20 && strings.Contains(string(b[:n]), "urn:x-cast:") {
				_, _ = io.WriteString(c, castAnswer)
				silent(c)
			}
		}), "castv2", "Google Cast device", ""},
	} {
		target := tcpTarget(c.port, c.dial)
		s, err := Identify(t.Context(), target)
		if err != nil || !s.TLS || s.Name != c.name || s.Product != c.product || s.Version != c.version {
			t.Errorf("Identify of port %d = %q %q %q (TLS %v), %v; want %q %q %q inside TLS", c.port, s.Name, s.Product, s.Version, s.TLS, err, c.name, c.product, c.version)
		}
	}
}

// certifiedAs is a configuration with a fresh certificate for a subject.
func certifiedAs(t *testing.T, subject pkix.Name) *tls.Config {
	t.Helper()
	config := certified(t, &tls.Config{})
	parent, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	parent.Subject, parent.Issuer = subject, subject
	key := config.Certificates[0].PrivateKey
	public := parent.PublicKey
	parent.RawSubject = nil
	der, err := x509.CreateCertificate(nil, parent, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates[0].Certificate[0] = der
	return config
}
