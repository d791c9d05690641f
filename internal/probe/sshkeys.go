package probe

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// errHeard ends a handshake that has told what was asked for.
var errHeard = errors.New("heard enough")

// sshKeyTypes are the kinds of host keys, each with the signatures that show
// one, the usual first.
var sshKeyTypes = []struct {
	kind  string
	algos []string
}{
	{"ssh-ed25519", []string{"ssh-ed25519"}},
	{"ecdsa-sha2-nistp256", []string{"ecdsa-sha2-nistp256"}},
	{"ecdsa-sha2-nistp384", []string{"ecdsa-sha2-nistp384"}},
	{"ecdsa-sha2-nistp521", []string{"ecdsa-sha2-nistp521"}},
	{"ssh-rsa", []string{"rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"}},
	{"ssh-dss", []string{"ssh-dss"}},
}

// sshKeys makes a handshake for every kind of host key that is offered, up to
// the proof that the server has it, and in the last one asks how users may sign
// in; nobody does. It notes ssh.hostkey, one "kind bits SHA256:fingerprint" for
// each, separated by commas, and ssh.auth.
func (x *talk) sshKeys(ctx context.Context, offered string) {
	list := strings.Split(offered, ",")
	var keys []string
	methods := ""
	for _, t := range sshKeyTypes {
		at := slices.IndexFunc(t.algos, func(a string) bool { return slices.Contains(list, a) })
		if at < 0 {
			continue
		}
		key, told := x.sshHandshake(ctx, t.algos[at], methods == "")
		if key != nil {
			keys = append(keys, sshKeyText(key))
		}
		if methods == "" {
			methods = told
		}
	}
	x.fact("ssh.hostkey", strings.Join(keys, ","))
	x.fact("ssh.auth", methods)
	if methods != "" {
		x.fact("auth.required", yesNo(methods != "none"))
	}
}

// sshHandshake proves one host key and, if signIn is set, learns the methods
// of signing in: a comma separated list, "none" when none is needed.
func (x *talk) sshHandshake(ctx context.Context, algorithm string, signIn bool) (key ssh.PublicKey, methods string) {
	w, err := x.open(ctx)
	if err != nil {
		return nil, ""
	}
	defer w.Close()
	if w.SetDeadline(time.Now().Add(w.limit)) != nil || w.ended.Load() {
		return nil, ""
	}
	secure, old := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	config := &ssh.ClientConfig{
		Config: ssh.Config{
			KeyExchanges: append(secure.KeyExchanges, old.KeyExchanges...), Ciphers: append(secure.Ciphers, old.Ciphers...), MACs: append(secure.MACs, old.MACs...),
		},
		User: "harrier", ClientVersion: "SSH-2.0-Harrier", HostKeyAlgorithms: []string{algorithm},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			if key = k; !signIn {
				return errHeard
			}
			return nil
		},
		BannerCallback: func(text string) error { x.fact("ssh.banner", strings.TrimSpace(text)); return nil },
		AuthCallback: func(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			methods = clip(strings.Join(c.AllowedMethods, ","), 200)
			return nil, errHeard
		},
	}
	c, channels, requests, err := ssh.NewClientConn(w.Conn, "", config)
	if err == nil { // nothing was asked for
		go ssh.DiscardRequests(requests)
		go func() {
			for range channels {
			}
		}()
		c.Close()
		methods = "none"
	}
	return key, methods
}

// sshKeyText writes kind, bits and fingerprint as ssh-keygen does.
func sshKeyText(k ssh.PublicKey) string {
	return k.Type() + " " + itoa(sshKeyBits(k)) + " " + ssh.FingerprintSHA256(k)
}

func sshKeyBits(k ssh.PublicKey) int {
	c, ok := k.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	switch p := c.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		return p.N.BitLen()
	case *ecdsa.PublicKey:
		return p.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	if k.Type() == "ssh-dss" { // behind the type, the first number is the modulus
		c := cursor{b: k.Marshal()}
		c.skip(c.size(binary.BigEndian))
		return new(big.Int).SetBytes(c.bytes(c.size(binary.BigEndian))).BitLen()
	}
	return 0
}
