// Package ssh has the checks of SSH servers. Most judge the algorithms that the
// server offered when it was recognised.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{CBC, WeakMAC, SHA1MAC, WeakKex, Terrapin, Version1, PasswordAccepted, SignedIn}

const family = "Misc."

func applies(s harrier.Service) bool { return s.Name == "ssh" }

// offers makes a check of the algorithms of one kind: weak tells which of them
// should not be offered.
func offers(v harrier.Vulnerability, r check.Rating, fact string, weak func(name string) bool) check.Check {
	v.Family = family
	v.References = append(v.References, "https://www.rfc-editor.org/rfc/rfc9142", "https://www.ssh-audit.com/hardening_guides.html")
	return check.Define(v, r, check.Check{Applies: applies, Quiet: true, Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		names, err := t.Fact(fact)
		if err != nil {
			return harrier.Unknown, "", err
		}
		var found []string
		for _, name := range strings.Split(names, ",") {
			if weak(name) && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
		if len(found) == 0 {
			return harrier.Absent, "", nil
		}
		return harrier.Present, "The server offers :\n\n  " + strings.Join(found, "\n  "), nil
	}})
}

func isCBC(cipher string) bool {
	return strings.HasSuffix(cipher, "-cbc") || cipher == "rijndael-cbc@lysator.liu.se"
}

// CBC reports ciphers in CBC mode.
var CBC = offers(harrier.Vulnerability{
	ID: 70658, Slug: "ssh-cbc-ciphers", Name: "SSH Server CBC Mode Ciphers Enabled",
	Synopsis:    "The SSH server offers ciphers in CBC mode.",
	Description: "By the way SSH uses cipher block chaining, who is in the path can learn some bytes of the traffic with a small chance.",
	Solution:    "Offer ciphers in CTR or GCM mode, or ChaCha20, only.",
	CVEs:        []string{"CVE-2008-5161"}, CWEs: []int{200},
}, check.Weakness, "ssh.ciphers", isCBC)

// WeakMAC reports message authentication by MD5 or with 96 bits.
var WeakMAC = offers(harrier.Vulnerability{
	ID: 71049, Slug: "ssh-weak-mac", Name: "SSH Weak MAC Algorithms Enabled",
	Synopsis:    "The SSH server offers weak message authentication codes.",
	Description: "The server offers codes that rest on MD5 or are cut to 96 bits or less.",
	Solution:    "Offer codes over SHA-2 or UMAC with 128 bits only.",
	CWEs:        []int{326},
}, check.Weakness, "ssh.macs", func(mac string) bool {
	return strings.Contains(mac, "md5") || strings.Contains(mac, "-96") || strings.HasPrefix(mac, "umac-64") || strings.Contains(mac, "ripemd160") || mac == "none"
})

// SHA1MAC states that message authentication over SHA-1 is offered.
var SHA1MAC = offers(harrier.Vulnerability{
	ID: 153588, Slug: "ssh-sha1-mac", Name: "SSH SHA-1 HMAC Algorithms Enabled",
	Synopsis:    "The SSH server offers message authentication over SHA-1.",
	Description: "HMAC over SHA-1 is not known to be broken, but the hash is, and policies ask to do without it.",
	Solution:    "Offer codes over SHA-2 only.",
}, check.Fact, "ssh.macs", func(mac string) bool { return strings.HasPrefix(mac, "hmac-sha1") })

// WeakKex reports key exchange that rests on SHA-1 or short groups.
var WeakKex = offers(harrier.Vulnerability{
	ID: 153953, Slug: "ssh-weak-kex", Name: "SSH Weak Key Exchange Algorithms Enabled",
	Synopsis:    "The SSH server offers weak key exchange.",
	Description: "The server offers methods of key exchange that rest on SHA-1, on groups of 1024 bits or on short RSA keys, which have been formally discouraged since 2022.",
	Solution:    "Offer curve25519, ECDH over the NIST curves, or groups of 2048 bits and more with SHA-2 only.",
	CWEs:        []int{326},
}, check.Weakness, "ssh.kex", func(kex string) bool {
	return strings.HasSuffix(kex, "-sha1") && (strings.HasPrefix(kex, "diffie-hellman-") || strings.HasPrefix(kex, "gss-") || strings.HasPrefix(kex, "rsa1024"))
})

// Terrapin reports a server open to the cutting of messages from the beginning
// of a connection.
var Terrapin = check.Define(harrier.Vulnerability{
	ID: 187315, Slug: "ssh-terrapin-cve-2023-48795", Name: "SSH Terrapin Prefix Truncation Weakness", Family: family,
	Synopsis:    "Who is in the path can drop the first messages of SSH connections.",
	Description: "With ChaCha20-Poly1305, or CBC ciphers together with encrypt-then-MAC, sequence numbers can be shifted during the handshake, so that messages after it get lost unnoticed. That turns some protections off. The server offers such a mode, and not the strict key exchange that prevents it.",
	Solution:    "Update the server to a version with strict key exchange, or turn those modes off.",
	CVEs:        []string{"CVE-2023-48795"}, CWEs: []int{354},
	References: []string{"https://terrapin-attack.com/", "https://nvd.nist.gov/vuln/detail/CVE-2023-48795"},
}, check.Tampering, check.Check{
	Applies: applies, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		kex, err1 := t.Fact("ssh.kex")
		ciphers, err2 := t.Fact("ssh.ciphers")
		macs, err3 := t.Fact("ssh.macs")
		if err := errors.Join(err1, err2, err3); err != nil {
			return harrier.Unknown, "", err
		}
		if slices.Contains(strings.Split(kex, ","), "kex-strict-s-v00@openssh.com") {
			return harrier.Absent, "", nil
		}
		var modes []string
		etm := slices.ContainsFunc(strings.Split(macs, ","), func(m string) bool { return strings.Contains(m, "-etm") })
		for _, c := range strings.Split(ciphers, ",") {
			if c == "chacha20-poly1305@openssh.com" || isCBC(c) && etm {
				modes = append(modes, c)
			}
		}
		if len(modes) == 0 {
			return harrier.Absent, "", nil
		}
		return harrier.Present, "The server offers no strict key exchange, but :\n\n  " + strings.Join(modes, "\n  "), nil
	},
})

// Version1 reports a server that speaks the first version of the protocol.
var Version1 = check.Define(harrier.Vulnerability{
	ID: 10882, Slug: "ssh-version-1", Name: "SSH Protocol Version 1 Session Key Retrieval", Family: "General",
	Synopsis:    "The SSH server speaks version 1 of the protocol, which is broken.",
	Description: "Version 1 has faults in the protocol itself: who is in the path can take sessions over and read what is typed.",
	Solution:    "Allow version 2 only.",
	CVEs:        []string{"CVE-2001-0361", "CVE-2001-0572"}, CWEs: []int{310},
	References: []string{"https://www.rfc-editor.org/rfc/rfc4253#section-5"},
}, check.Rating{V2: "AV:N/AC:L/Au:N/C:P/I:P/A:P", S2: 7.5, V3: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L", S3: 7.3}, check.Check{
	Applies: applies, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		line, err := t.Fact("ssh.version")
		if err != nil {
			return harrier.Unknown, "", err
		}
		parts := strings.SplitN(strings.TrimPrefix(line, "SSH-"), "-", 2)
		switch {
		case len(parts) != 2:
			return harrier.Unknown, "", fmt.Errorf("unexpected greeting %.80q", line)
		case strings.HasPrefix(parts[0], "1."): // 1.99 speaks both
			return harrier.Present, "The server greets with " + line, nil
		}
		return harrier.Absent, "", nil
	},
})

// errStop ends a sign-in before any password is sent.
var errStop = errors.New("the server asks for a password")

// PasswordAccepted states that users may sign in with a password.
var PasswordAccepted = check.Define(harrier.Vulnerability{
	ID: 149334, Slug: "ssh-password-accepted", Name: "SSH Password Authentication Accepted", Family: "Service detection",
	Synopsis:    "The SSH server lets users sign in with a password.",
	Description: "The server offers to ask for a password, by the method password or keyboard-interactive. Passwords can be guessed, keys can not.",
	Solution:    "Where all users have keys, turn sign-in with passwords off.",
}, check.Fact, check.Check{
	Applies: applies,
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		asked := ""
		config := &ssh.ClientConfig{
			User: "harrier", HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { return nil }, ClientVersion: "SSH-2.0-Harrier",
			Auth: []ssh.AuthMethod{
				ssh.PasswordCallback(func() (string, error) { asked = "password"; return "", errStop }),
				ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) {
					asked = "keyboard-interactive"
					return nil, errStop
				}),
			},
		}
		config.KeyExchanges, config.Ciphers, config.MACs = everything()
		conn, _, _, err := ssh.NewClientConn(c, t.AddrPort().String(), config)
		if err == nil { // it asked for nothing at all
			_ = conn.Close()
			return harrier.Unknown, "", errors.New("the server let the user in without asking for anything")
		}
		switch {
		case asked != "":
			return harrier.Present, "The server offers the method " + asked + ".", nil
		case strings.Contains(err.Error(), "unable to authenticate"):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("ssh: %w", err)
	},
})

// everything lists all algorithms that this side knows, the outdated ones last.
func everything() (kex, ciphers, macs []string) {
	good, bad := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	return append(good.KeyExchanges, bad.KeyExchanges...), append(good.Ciphers, bad.Ciphers...), append(good.MACs, bad.MACs...)
}
