// Package remote has the checks of screens that are shown over the network.
package remote

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{VNCNoAuth, X11Open}

const family = "Gain a shell remotely"

// VNCNoAuth reports a VNC server that shows its screen to anybody.
var VNCNoAuth = check.Define(harrier.Vulnerability{
	ID: 26925, Slug: "vnc-no-auth", Name: "VNC Server Unauthenticated Access", Family: family,
	Synopsis:    "The remote desktop is open to anybody.",
	Description: "The server offers connections without authentication. Who reaches the port sees the screen and types on the keyboard of whoever is signed in.",
	Solution:    "Require a password or a certificate, and let the server listen on a local address behind a tunnel.",
	CWEs:        []int{306},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc6143#section-7.2.1"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "vnc" },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		return vncOffer(c)
	},
})

const vncNone = 1

// vncOffer reads which kinds of authentication the server offers.
//
// Source: RFC 6143, section 7.1.
func vncOffer(c io.ReadWriter) (harrier.Verdict, string, error) {
	version := make([]byte, 12)
	if _, err := io.ReadFull(c, version); err != nil {
		return harrier.Unknown, "", fmt.Errorf("no greeting: %w", err)
	}
	if !strings.HasPrefix(string(version), "RFB ") || version[11] != '\n' {
		return harrier.Unknown, "", fmt.Errorf("unexpected greeting %q", check.FirstLine(version))
	}
	old := string(version) < "RFB 003.007\n"
	reply := "RFB 003.008\n"
	if old {
		reply = "RFB 003.003\n"
	}
	if _, err := io.WriteString(c, reply); err != nil {
		return harrier.Unknown, "", fmt.Errorf("send: %w", err)
	}
	var kinds []byte
	if old { // the server decides
		word := make([]byte, 4)
		if _, err := io.ReadFull(c, word); err != nil {
			return harrier.Unknown, "", fmt.Errorf("no security type: %w", err)
		}
		if kind := binary.BigEndian.Uint32(word); kind != 0 && kind < 256 {
			kinds = []byte{byte(kind)}
		}
	} else {
		n := make([]byte, 1)
		if _, err := io.ReadFull(c, n); err != nil {
			return harrier.Unknown, "", fmt.Errorf("no security types: %w", err)
		}
		kinds = make([]byte, n[0])
		if _, err := io.ReadFull(c, kinds); err != nil {
			return harrier.Unknown, "", fmt.Errorf("security types: %w", err)
		}
	}
	switch {
	case len(kinds) == 0: // refused, with a reason that may pass
		return harrier.Unknown, "", fmt.Errorf("the server refused the connection")
	case slices.Contains(kinds, vncNone):
		return harrier.Present, fmt.Sprintf("The server (%s) offers the security type None.", strings.TrimSpace(string(version))), nil
	}
	return harrier.Absent, "", nil
}

// X11Open reports an X server that takes clients from anywhere.
var X11Open = check.Define(harrier.Vulnerability{
	ID: 900301, Slug: "x11-open", Name: "X server accepts anybody", Family: family,
	Synopsis:    "The graphical display is open to anybody.",
	Description: "The X server accepted a client without a key. Who reaches the port sees the windows, reads the keyboard and types into programs of whoever is signed in.",
	Solution:    "Turn host based access off (xhost -) and do not let the server listen on the network.",
	CVEs:        []string{"CVE-1999-0526"}, CWEs: []int{306},
	References: []string{"https://www.x.org/releases/current/doc/man/man7/Xsecurity.7.xhtml"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Protocol != harrier.UDP && (s.Name == "x11" || s.Name == "" && s.Port >= 6000 && s.Port < 6064)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		// Least significant byte first, version 11.0, no key.
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		reply, err := c.Ask([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		for err == nil && reply[0] == 1 && len(reply) < 8+4*x11Words(reply) {
			var more []byte
			more, err = c.Ask(nil)
			reply = append(reply, more...)
		}
		if err != nil {
			return harrier.Unknown, "", err
		}
		return x11Answer(reply)
	},
})

// x11Words is how many words of four bytes follow the first eight bytes of an
// acceptance, as far as they matter here.
func x11Words(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	return min(int(binary.LittleEndian.Uint16(b[6:])), 64)
}

// x11Answer reads the answer to the setup of a connection.
//
// Source: X Window System Protocol, section 8.
func x11Answer(b []byte) (harrier.Verdict, string, error) {
	stranger := fmt.Errorf("unexpected reply %q", check.FirstLine(b))
	if len(b) < 8 {
		return harrier.Unknown, "", stranger
	}
	version := binary.LittleEndian.Uint16(b[2:])
	switch {
	case b[0] == 1 && version == 11 && len(b) >= 40:
		size := int(binary.LittleEndian.Uint16(b[24:]))
		vendor := ""
		if 40+size <= len(b) {
			vendor = check.FirstLine(b[40 : 40+size])
		}
		return harrier.Present, fmt.Sprintf("The server accepted a client without a key; its vendor is %q.", vendor), nil
	case b[0] == 0 && version == 11, b[0] == 2 && b[1]|b[2]|b[3]|b[4] == 0:
		return harrier.Absent, "", nil
	}
	return harrier.Unknown, "", stranger
}
