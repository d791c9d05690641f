package ftp

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var service = harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 21}, Name: "ftp"}

func says(answers ...string) wiretest.Dialer {
	steps := []wiretest.Step{{Unasked: true, Say: "220-Welcome\r\n220 ready\r\n"}}
	for _, a := range answers {
		steps = append(steps, wiretest.Step{Say: a + "\r\n"})
	}
	return wiretest.Script(steps...)
}

func TestAnonymous(t *testing.T) {
	checktest.Play(t, Anonymous, service,
		checktest.Case{Name: "vulnerable", Dial: says("331 Password please.", "230-Hello\r\n230 Logged on"), Want: harrier.Present},
		checktest.Case{Name: "without password", Dial: says("230 Logged on"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("331 Password please.", "530 Login incorrect."), Want: harrier.Absent},
		checktest.Case{Name: "fixed at once", Dial: says("530 No anonymous users."), Want: harrier.Absent},
		checktest.Case{Name: "wants TLS", Dial: says("530 Must use encryption."), Want: harrier.Unknown},
		checktest.Case{Name: "busy", Dial: wiretest.Banner("421 Too many users\r\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown},
	)
}

func TestCleartext(t *testing.T) {
	checktest.Play(t, Cleartext, service,
		checktest.Case{Name: "vulnerable", Dial: says("331 Password please."), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("530 Must use encryption."), Want: harrier.Absent},
		checktest.Case{Name: "anonymous only", Dial: says("530 This server is anonymous only."), Want: harrier.Absent},
		checktest.Case{Name: "odd", Dial: says("200 whatever"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner("+OK POP3\r\n"), Want: harrier.Unknown},
	)
}

func TestVsftpd(t *testing.T) {
	for _, c := range []struct {
		anonymous, local string
		wantAnonymous    harrier.Verdict
		wantCleartext    harrier.Verdict
	}{
		{"YES", "NO", harrier.Present, harrier.Absent},
		{"NO", "YES", harrier.Absent, harrier.Present},
	} {
		port, root := checktest.Port(t), t.TempDir()
		if err := os.Chmod(root, 0o555); err != nil {
			t.Fatal(err)
		}
		conf := checktest.Write(t, "conf", fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
anonymous_enable=%s
local_enable=%s
anon_root=/
no_anon_password=NO
secure_chroot_dir=%s
pam_service_name=other
seccomp_sandbox=NO
`, port, c.anonymous, c.local, root))
		checktest.Daemon(t, port, "vsftpd", conf)
		checktest.Expect(t, Anonymous, checktest.At("ftp", port, false), c.wantAnonymous)
		checktest.Expect(t, Cleartext, checktest.At("ftp", port, false), c.wantCleartext)
	}
}
