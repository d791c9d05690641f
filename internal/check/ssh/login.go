package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// loginType is the type of the credentials that are for SSH.
const loginType = "SSH"

// SignedIn reports that an account of the scan's credentials is let in. Each
// account is tried once on a host, so that none is locked: at its first SSH
// server that the credentials are for, with the first ones that name it.
//
// The server's own key is not compared with anything: who scans a network gives
// its passwords to what answers there. Keys give nothing away.
var SignedIn = check.Define(harrier.Vulnerability{
	ID: 141118, Slug: "ssh-signed-in", Name: "Target Credential Status by Authentication Protocol - Valid Credentials Provided", Family: "Settings",
	Synopsis:    "Credentials of the scan were accepted.",
	Description: "The host let an account of the scan's credentials sign in over SSH.",
	Solution:    "Nothing needs to be done.",
}, check.Fact, check.Check{
	Applies: applies, HostLevel: true, Login: loginType,
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		if !slices.ContainsFunc(t.Services, applies) {
			return harrier.Unknown, "", errors.New("no SSH server")
		}
		tried, refused := map[string]bool{}, false
		for _, l := range t.Logins {
			user := l.Credential.Fields["username"]
			i := slices.IndexFunc(t.Services, func(s harrier.Service) bool {
				return applies(s) && l.Here(s.Port, t.Addr.WithZone("").String(), t.Name, t.Host.Name)
			})
			if i < 0 || tried[user] {
				continue
			}
			tried[user] = true
			at := netip.AddrPortFrom(t.Addr, t.Services[i].Port)
			says, err := signIn(ctx, t, at, user, l.Secrets)
			switch {
			case err == nil:
				return harrier.Present, fmt.Sprintf("The account %q is let in over SSH, port %d.\n\n%s", user, at.Port(), says), nil
			case !errors.Is(err, errRefused):
				return harrier.Unknown, "", err
			}
			refused = true
		}
		if !refused {
			return harrier.Unknown, "", errors.New("no credentials for SSH")
		}
		return harrier.Absent, "", nil
	},
})

var errRefused = errors.New("ssh: the account is refused")

// maxSaid is the most that is read of what a host says of itself.
const maxSaid = 4 << 10

// signIn signs in once and asks the host what it is. It answers errRefused when
// the server does not take the account.
func signIn(ctx context.Context, t check.Target, at netip.AddrPort, user string, secrets map[string]string) (says string, err error) {
	auth, err := methods(secrets)
	if err != nil {
		return "", err
	}
	c, err := t.Dial(ctx, "tcp", at)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer c.Close()
	config := &ssh.ClientConfig{
		User: user, Auth: auth, ClientVersion: "SSH-2.0-Harrier",
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { return nil }, // see SignedIn
	}
	config.KeyExchanges, config.Ciphers, config.MACs = everything()
	conn, channels, requests, err := ssh.NewClientConn(c, at.String(), config)
	switch {
	case err != nil && strings.Contains(err.Error(), "unable to authenticate"):
		return "", errRefused
	case err != nil:
		return "", fmt.Errorf("ssh: %w", err)
	}
	client := ssh.NewClient(conn, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return "", nil // it is let in, and may do nothing
	}
	defer session.Close()
	out, err := session.StdoutPipe()
	if err == nil {
		err = session.Start("uname -a")
	}
	if err != nil {
		return "", nil // likewise
	}
	b, _ := io.ReadAll(io.LimitReader(out, maxSaid)) // what came until it broke off
	return strings.TrimSpace(strings.ToValidUTF8(string(b), "?")), nil
}

// methods are the ways to sign in with the secrets: by key if there is one, else
// by password.
func methods(secrets map[string]string) ([]ssh.AuthMethod, error) {
	if key := secrets["private_key"]; key != "" {
		signer, err := ssh.ParsePrivateKey([]byte(key))
		var locked *ssh.PassphraseMissingError
		if errors.As(err, &locked) {
			signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(key), []byte(secrets["private_key_passphrase"]))
		}
		if err != nil {
			return nil, errors.New("the private key of the credentials can not be read") // not why: that may quote it
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
	}
	password := secrets["password"]
	if password == "" {
		return nil, errors.New("the credentials have neither a password nor a key")
	}
	return []ssh.AuthMethod{ssh.Password(password)}, nil
}
