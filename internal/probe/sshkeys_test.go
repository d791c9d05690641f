package probe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/harrier-scan/harrier/internal/wiretest"
)

// TestSSHKeys asks a server with three keys, which lets users in with a
// password or a key, and one that lets everybody in.
func TestSSHKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	var signers []ssh.Signer
	for _, k := range []any{edKey, ecKey, rsaKey} {
		s, err := ssh.NewSignerFromKey(k)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, s)
	}
	for i, text := range []string{"ssh-ed25519 256 ", "ecdsa-sha2-nistp384 384 ", "ssh-rsa 2048 "} {
		want = append(want, text+ssh.FingerprintSHA256(signers[i].PublicKey()))
	}
	for _, c := range []struct {
		config                 *ssh.ServerConfig
		auth, required, banner string
	}{
		{&ssh.ServerConfig{
			PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
				t.Error("a password was tried")
				return nil, errHeard
			},
			PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
				t.Error("a key was tried")
				return nil, errHeard
			},
			BannerCallback: func(ssh.ConnMetadata) string { return "Keep out.\n" },
		}, "password,publickey", "yes", "Keep out."},
		{&ssh.ServerConfig{NoClientAuth: true}, "none", "no", ""},
	} {
		c.config.ServerVersion = "SSH-2.0-OpenSSH_9.2p1"
		for _, s := range signers {
			c.config.AddHostKey(s)
		}
		s, err := Identify(t.Context(), tcpTarget(22, wiretest.Serve(func(conn net.Conn) {
			if sc, channels, requests, err := ssh.NewServerConn(conn, c.config); err == nil {
				go ssh.DiscardRequests(requests)
				for range channels {
				}
				sc.Close()
			}
		})))
		if err != nil || s.Version != "9.2p1" {
			t.Fatalf("Identify = %q, %v; want 9.2p1", s.Version, err)
		}
		for key, value := range map[string]string{"ssh.hostkey": strings.Join(want, ","), "ssh.auth": c.auth, "auth.required": c.required, "ssh.banner": c.banner, "ssh.protocols": "2"} {
			if got := s.Fact(key); got != value {
				t.Errorf("%s = %q; want %q", key, got, value)
			}
		}
	}
}

// TestSSHProtocols reads the versions of identification lines.
func TestSSHProtocols(t *testing.T) {
	for line, want := range map[string]string{"SSH-2.0-x": "2", "SSH-1.99-Cisco-1.25": "1,2", "SSH-1.5-x": "1", "SSH-3.0-x": ""} {
		if got := sshProtocols(line); got != want {
			t.Errorf("sshProtocols(%q) = %q; want %q", line, got, want)
		}
	}
}
