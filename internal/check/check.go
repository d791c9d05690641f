// Package check says what an active check is: a value with a definition of the
// vulnerability that it finds and a function that asks a target about it. The
// checks themselves are in the folders below, one for each subject; package
// check/all lists them.
//
// A check has three answers. Present and Absent are proofs by the target's own
// words. Everything else (no answer, an answer of another protocol, a fact that
// was not collected) is Unknown with an error that says why, and closes
// nothing.
package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
)

// Target is what a check looks at: one service of one host, or the host itself
// for a check with HostLevel set.
type Target struct {
	Addr     netip.Addr        // where the host is
	Host     harrier.Host      // what is known of it
	Service  harrier.Service   // the one to check; zero for HostLevel
	Services []harrier.Service // all of the host's
	// Name is the host name for TLS and HTTP; "" means that only the address is
	// known.
	Name string
	// Dial is the one way to the network. Its network is "tcp" or "udp".
	Dial     func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)
	Timeout  time.Duration // for one exchange; 0 means 5 s
	Settings harrier.Settings
	Now      time.Time // to judge dates by; zero means the present
	// Logins are the credentials of the check's type, in the order that they were
	// given in. No part of them may be in the evidence or an error, but the name of
	// an account.
	Logins []harrier.Login
}

// Check is one way to find a vulnerability by asking the target, or by what
// the service told when it was recognised.
type Check struct {
	harrier.CheckInfo
	Vulnerability harrier.Vulnerability
	// Applies says from a service whether the check has anything to ask it.
	// Nil together with HostLevel means every host.
	Applies func(harrier.Service) bool
	// Run gives the verdict and its evidence: for Present the text of the
	// plugin output, else "". An error always comes with Unknown.
	Run func(ctx context.Context, t Target) (harrier.Verdict, string, error)
	// HostLevel checks run once for a host, after its services are known, with
	// a zero Target.Service.
	HostLevel bool
	// GuessLogin checks try an account, once; they run only when
	// Settings.GuessLogins asks for it.
	GuessLogin bool
	// Login is the type of the credentials that the check signs in with, which it
	// then has in Target.Logins; it does not run without such. "": none.
	Login string
	// Quiet checks send nothing: they judge what the service told when it was
	// recognised.
	Quiet bool
}

// added is when the checks were written.
var added = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Define makes the check that finds v, which r rates: number, name, family and
// severity of c are those of v, and the UUID of v follows from its slug. It is
// safe: a check that is not clears Safe afterwards.
func Define(v harrier.Vulnerability, r Rating, c Check) Check {
	v.UUID = harrier.NamedUUID(v.Slug)
	v.CVSS2Vector, v.CVSS2Score, v.CVSS3Vector, v.CVSS3Score = r.V2, r.S2, r.V3, r.S3
	v.Severity = harrier.SeverityOfScore(r.S3)
	v.Added, v.Modified = added, added
	c.Vulnerability = v
	c.CheckInfo = harrier.CheckInfo{ID: v.ID, Name: v.Name, Family: v.Family, Severity: v.Severity, Kind: harrier.ActiveCheck, Safe: true}
	return c
}

// Allowed says whether settings permit c to run, and why not.
func (c Check) Allowed(s harrier.Settings) (ok bool, reason string) {
	switch {
	case c.GuessLogin && !s.GuessLogins:
		return false, "logins are not guessed in this scan"
	case !c.Safe && !s.Unsafe:
		return false, "the check is not safe"
	}
	return true, ""
}

// AddrPort is where the service listens.
func (t Target) AddrPort() netip.AddrPort { return netip.AddrPortFrom(t.Addr, t.Service.Port) }

// At is the instant to judge dates by.
func (t Target) At() time.Time {
	if t.Now.IsZero() {
		return time.Now().UTC()
	}
	return t.Now
}

// Wait is how long one exchange may take.
func (t Target) Wait() time.Duration {
	if t.Timeout <= 0 {
		return 5 * time.Second
	}
	return t.Timeout
}

// ErrNoFact is in the error of a check that judges a fact which was not
// collected.
var ErrNoFact = errors.New("not known of this service")

// Fact returns a fact of the service, or an error that wraps ErrNoFact.
func (t Target) Fact(key string) (string, error) {
	if v := t.Service.Fact(key); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%s: %w", key, ErrNoFact)
}

// Conn is a connection to a service, read through a buffer that holds at most
// one line or message of 64 KiB.
type Conn struct {
	net.Conn
	*bufio.Reader
}

// Read reads through the buffer.
func (c *Conn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// Open connects to the service of t, inside TLS where the service speaks it
// from the first byte. The connection dies with ctx or when t.Wait is over; the
// caller closes it.
func (t Target) Open(ctx context.Context) (*Conn, error) {
	network := "tcp"
	if t.Service.Protocol == harrier.UDP {
		network = "udp"
	}
	return t.open(ctx, network, t.Service.TLS)
}
