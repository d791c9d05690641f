package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
)

// accounts is an SSH server that lets "good" in with the password "right" and
// notes each try.
func accounts(t *testing.T) (port uint16, tries func() []string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []string
	config := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c.User()+":"+string(password))
		if c.User() == "good" && string(password) == "right" {
			return nil, nil
		}
		return nil, errRefused
	}}
	config.AddHostKey(signer)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				conn, channels, requests, err := ssh.NewServerConn(c, config)
				if err != nil {
					return
				}
				go ssh.DiscardRequests(requests)
				for ch := range channels {
					_ = ch.Reject(ssh.Prohibited, "nothing here")
				}
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return uint16(l.Addr().(*net.TCPAddr).Port), func() []string { //nolint:gosec // a port
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// An account is tried once, whatever else is given for it, and its password is
// told to nobody.
func TestSignedIn(t *testing.T) {
	login := func(user, password string) harrier.Login {
		return harrier.Login{Credential: harrier.Credential{Type: "SSH", Fields: map[string]string{"username": user}}, Secrets: map[string]string{"password": password}}
	}
	only := func(l harrier.Login, field, text string) harrier.Login {
		l.Credential.Fields[field] = text
		return l
	}
	for name, tt := range map[string]struct {
		logins []harrier.Login
		want   harrier.Verdict
		tries  string
	}{
		"let in":     {[]harrier.Login{login("bad", "x"), login("good", "right"), login("later", "y")}, harrier.Present, "bad:x good:right"},
		"refused":    {[]harrier.Login{login("good", "wrong"), login("good", "right")}, harrier.Absent, "good:wrong"},
		"elsewhere":  {[]harrier.Login{only(login("good", "right"), harrier.OnlyAtHost, "127.0.0.9"), only(login("good", "right"), harrier.OnlyAtPort, "22")}, harrier.Unknown, ""},
		"here":       {[]harrier.Login{only(login("bad", "x"), harrier.OnlyAtHost, "other.example.com"), only(login("good", "right"), harrier.OnlyAtHost, "::ffff:127.0.0.1")}, harrier.Present, "good:right"},
		"no secrets": {[]harrier.Login{login("good", "")}, harrier.Unknown, ""},
		"bad key":    {[]harrier.Login{{Credential: harrier.Credential{Type: "SSH"}, Secrets: map[string]string{"private_key": "right"}}}, harrier.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			port, tries := accounts(t)
			target := checktest.At("ssh", port, false)
			target.Services, target.Logins = []harrier.Service{target.Service}, tt.logins
			target.Service = harrier.Service{}
			got, evidence, err := SignedIn.Run(t.Context(), target)
			if got != tt.want || got == harrier.Unknown != (err != nil) || strings.Contains(evidence, "right") || err != nil && strings.Contains(err.Error(), "right") {
				t.Errorf("Run = %v, %q, %v; want %v", got, evidence, err, tt.want)
			}
			if did := strings.Join(tries(), " "); did != tt.tries {
				t.Errorf("tried %q; want %q", did, tt.tries)
			}
		})
	}
}
