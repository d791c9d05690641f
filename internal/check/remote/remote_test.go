package remote

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(name string, port uint16) harrier.Service {
	return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name}
}

func TestVNCNoAuth(t *testing.T) {
	says := func(version, types string) wiretest.Dialer {
		return wiretest.Script(wiretest.Step{Unasked: true, Say: version}, wiretest.Step{Expect: []byte("RFB "), Say: types})
	}
	checktest.Play(t, VNCNoAuth, tcp("vnc", 5900),
		checktest.Case{Name: "vulnerable", Dial: says("RFB 003.008\n", "\x02\x01\x02"), Want: harrier.Present},
		checktest.Case{Name: "vulnerable and old", Dial: says("RFB 003.003\n", "\x00\x00\x00\x01"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("RFB 003.008\n", "\x01\x02"), Want: harrier.Absent},
		checktest.Case{Name: "fixed and old", Dial: says("RFB 003.003\n", "\x00\x00\x00\x02"), Want: harrier.Absent},
		checktest.Case{Name: "busy", Dial: says("RFB 003.008\n", "\x00\x00\x00\x00\x04busy"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown},
	)
}

func TestX11Open(t *testing.T) {
	accepted := "\x01\x00\x0b\x00\x00\x00\x10\x00" + string(make([]byte, 16)) + "\x03\x00" + string(make([]byte, 14)) + "Xyz" + string(make([]byte, 40))
	checktest.Play(t, X11Open, tcp("", 6000),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer(accepted), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer("\x00\x16\x0b\x00\x00\x00\x06\x00No protocol specified\n\x00\x00"), Want: harrier.Absent},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer("HTTP/1.1 400 Bad Request\r\n\r\n"), Want: harrier.Unknown},
	)
}

// TestXtigervnc asks one program twice over: it is a VNC and an X server.
func TestXtigervnc(t *testing.T) {
	checktest.Path(t, "Xtigervnc")
	for _, c := range []struct {
		security string
		access   []string
		vnc, x   harrier.Verdict
	}{
		{"None", []string{"-ac"}, harrier.Present, harrier.Present},
		{"VncAuth", []string{"-auth", checktest.Write(t, "auth", "\xff\xff\x00\x00\x00\x00\x00\x12MIT-MAGIC-COOKIE-1\x00\x10abcdefghijklmnop")}, harrier.Absent, harrier.Absent},
	} {
		display, port := 0, checktest.Port(t)
		for n := 30; n < 64; n++ {
			if checktest.Free(t, uint16(6000+n)) {
				display = n
				break
			}
		}
		args := append([]string{
			fmt.Sprintf(":%d", display), "-rfbport", fmt.Sprint(port), "-interface", "127.0.0.1", "-SecurityTypes", c.security,
			"-PasswordFile", checktest.Write(t, "passwd", "12345678"), "-geometry", "64x64", "-listen", "tcp", "-nolisten", "unix", "-nolisten", "local",
		}, c.access...)
		checktest.Daemon(t, port, "Xtigervnc", args...)
		checktest.Expect(t, VNCNoAuth, checktest.At("vnc", port, false), c.vnc)
		checktest.Expect(t, X11Open, checktest.At("x11", uint16(6000+display), false), c.x)
	}
}
