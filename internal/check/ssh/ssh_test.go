package ssh

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAlgorithms(t *testing.T) {
	type facts map[string]string
	terrapin := func(kex, ciphers, macs string) facts {
		return facts{"ssh.kex": kex, "ssh.ciphers": ciphers, "ssh.macs": macs}
	}
	for _, c := range []struct {
		check check.Check
		facts facts
		want  harrier.Verdict
	}{
		{CBC, facts{"ssh.ciphers": "aes256-ctr,aes128-cbc"}, harrier.Present},
		{CBC, facts{"ssh.ciphers": "aes256-ctr,aes128-gcm@openssh.com"}, harrier.Absent},
		{WeakMAC, facts{"ssh.macs": "hmac-sha2-256,hmac-md5"}, harrier.Present},
		{WeakMAC, facts{"ssh.macs": "umac-64-etm@openssh.com"}, harrier.Present},
		{WeakMAC, facts{"ssh.macs": "hmac-sha2-256-etm@openssh.com,umac-128@openssh.com"}, harrier.Absent},
		{SHA1MAC, facts{"ssh.macs": "hmac-sha1-etm@openssh.com"}, harrier.Present},
		{SHA1MAC, facts{"ssh.macs": "hmac-sha2-512"}, harrier.Absent},
		{WeakKex, facts{"ssh.kex": "curve25519-sha256,diffie-hellman-group14-sha1"}, harrier.Present},
		{WeakKex, facts{"ssh.kex": "diffie-hellman-group14-sha256"}, harrier.Absent},
		{Terrapin, terrapin("curve25519-sha256", "chacha20-poly1305@openssh.com", "hmac-sha2-256"), harrier.Present},
		{Terrapin, terrapin("curve25519-sha256", "aes128-cbc", "hmac-sha2-256-etm@openssh.com"), harrier.Present},
		{Terrapin, terrapin("curve25519-sha256", "aes128-cbc", "hmac-sha2-256"), harrier.Absent},
		{Terrapin, terrapin("curve25519-sha256,kex-strict-s-v00@openssh.com", "chacha20-poly1305@openssh.com", "hmac-sha2-256"), harrier.Absent},
		{Terrapin, facts{"ssh.kex": "a", "ssh.ciphers": "b"}, harrier.Unknown},
		{Version1, facts{"ssh.version": "SSH-1.99-OpenSSH_3.9"}, harrier.Present},
		{Version1, facts{"ssh.version": "SSH-2.0-OpenSSH_9.2p1"}, harrier.Absent},
		{Version1, facts{"ssh.version": "hello"}, harrier.Unknown},
	} {
		s := harrier.Service{Name: "ssh", Facts: c.facts}
		checktest.Expect(t, c.check, check.Target{Service: s}, c.want)
		checktest.Expect(t, c.check, check.Target{Service: harrier.Service{Name: "ssh"}}, harrier.Unknown)
	}
}

func TestPasswordAccepted(t *testing.T) {
	checktest.Play(t, PasswordAccepted, harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Name: "ssh"},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner("220 ftp\r\n"), Want: harrier.Unknown})
}

// TestSshd recognises a real server first, and then judges it.
func TestSshd(t *testing.T) {
	for _, c := range []struct {
		name, config string
		want         map[harrier.VulnID]harrier.Verdict
	}{
		{
			"weak", "Ciphers aes128-ctr,aes128-cbc\nMACs hmac-sha1,hmac-md5\nKexAlgorithms diffie-hellman-group14-sha1\nPasswordAuthentication yes\n",
			map[harrier.VulnID]harrier.Verdict{CBC.ID: harrier.Present, WeakMAC.ID: harrier.Present, SHA1MAC.ID: harrier.Present, WeakKex.ID: harrier.Present, PasswordAccepted.ID: harrier.Present, Version1.ID: harrier.Absent},
		},
		{
			"strong", "Ciphers aes256-gcm@openssh.com\nMACs hmac-sha2-256-etm@openssh.com\nKexAlgorithms curve25519-sha256\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
			map[harrier.VulnID]harrier.Verdict{CBC.ID: harrier.Absent, WeakMAC.ID: harrier.Absent, SHA1MAC.ID: harrier.Absent, WeakKex.ID: harrier.Absent, PasswordAccepted.ID: harrier.Absent, Terrapin.ID: harrier.Absent},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			port, key := checktest.Port(t), t.TempDir()+"/key"
			if out, err := exec.CommandContext(t.Context(), checktest.Path(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
				t.Fatalf("ssh-keygen: %v\n%s", err, out)
			}
			conf := checktest.Write(t, "conf", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\nUsePAM no\n%s", port, key, c.config))
			if _, err := os.Stat("/run/sshd"); err != nil {
				t.Skipf("sshd wants its folder: %v", err)
			}
			checktest.Daemon(t, port, checktest.Path(t, "sshd"), "-D", "-e", "-f", conf)
			target := checktest.At("ssh", port, false)
			service, err := probe.Identify(t.Context(), probe.Target{Addr: target.Addr, Endpoint: target.Service.Endpoint})
			if err != nil {
				t.Fatal(err)
			}
			target.Service = service
			for _, one := range Checks {
				if want, asked := c.want[one.ID]; asked {
					checktest.Expect(t, one, target, want)
				}
			}
		})
	}
}
