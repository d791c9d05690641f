package harrier

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Engine is a worker process that runs scans from its place in the network: the
// one inside the console, or one elsewhere that was enrolled.
//
// Name, Address, Port and Given are an operator's; Key, Box, Enrolled, Expires
// and Revoked come from its enrolment; the rest is what it said last.
type Engine struct {
	ID   ID
	UUID UUID
	Name string
	// Pool is the pool that it works for: LocalPool for the console's own engine and
	// it alone, otherwise the first other pool that has it as a member, "" for none.
	Pool string
	// Address and Port are where it listens for the console. "" and 0 for an engine
	// that dials the console, which is the usual way.
	Address string
	Port    int

	Key      []byte    // public key of its certificate, PKIX in DER; empty before its enrolment
	Box      []byte    // public key that credentials are sealed to, X25519
	Enrolled time.Time // zero: never
	Expires  time.Time // of its newest certificate
	Revoked  time.Time // zero: it is trusted

	Version  string
	Protocol int // that it speaks with the console, see EngineProtocol; 0 for the console's own
	Hostname string
	Raw      bool      // may send raw packets
	Started  time.Time // of the process
	LastSeen time.Time // of the last heartbeat
	Running  int       // batches in hand
	Parallel int       // batches that it takes at a time; 0 unknown
	Scans    []ID      // that it has batches of in hand, by rising id

	// Given are a dialect's settings as given, by their own names, to be given
	// back.
	Given   map[string]string
	Created time.Time
}

// EngineProtocol is what engines elsewhere and the console speak with each
// other. An engine that speaks another number gets no work.
const EngineProtocol = 1

// LocalPool is the pool of the engine that every console starts. Engines
// elsewhere can share its work: they are members of a pool of that name.
const LocalPool = "local"

// EngineStatus is how an engine stands.
type EngineStatus string

// The states of an engine.
const (
	EngineActive        EngineStatus = "active"
	EnginePending       EngineStatus = "pending-auth"   // not enrolled yet, or its key was revoked
	EngineIncompatible  EngineStatus = "incompatible"   // it speaks another protocol
	EngineNotResponding EngineStatus = "not-responding" // silent for a minute
	EngineUnknown       EngineStatus = "unknown"        // enrolled, but never heard of
)

// Status tells how the engine stands at now.
func (e Engine) Status(now time.Time) EngineStatus {
	switch {
	case e.Remote() && !e.Trusted():
		return EnginePending
	case e.LastSeen.IsZero():
		return EngineUnknown
	case !e.Alive(now):
		return EngineNotResponding
	case e.Remote() && e.Protocol != EngineProtocol:
		return EngineIncompatible
	}
	return EngineActive
}

// Alive reports whether the engine has been heard of within the last minute.
func (e Engine) Alive(now time.Time) bool { return now.Sub(e.LastSeen) < time.Minute }

// Remote reports whether the engine stands elsewhere; the console's own does
// not.
func (e Engine) Remote() bool { return e.Pool != LocalPool }

// Trusted reports whether the engine was enrolled and not revoked since.
func (e Engine) Trusted() bool { return len(e.Key) > 0 && e.Revoked.IsZero() }

// Fingerprint is what people compare to know that an engine is the one that
// they mean: the SHA-256 of both of its public keys, in hex. "" before its
// enrolment. The engine prints the same.
func (e Engine) Fingerprint() string {
	if len(e.Key) == 0 {
		return ""
	}
	return KeyFingerprint(e.Key, e.Box)
}

// KeyFingerprint is the fingerprint of an engine with these public keys.
func KeyFingerprint(key, box []byte) string {
	h := sha256.New()
	h.Write(key)
	h.Write(box)
	return hex.EncodeToString(h.Sum(nil))
}

// Queue is the queue of work that only this engine takes from.
func (e Engine) Queue() string { return engineQueue + e.UUID.String() }

// engineQueue begins the names of queues of one engine. Pools can not be called
// so.
const engineQueue = "@"

// Check answers Invalid, naming the field, for an engine that breaks its own
// rules.
func (e *Engine) Check() error {
	if err := checkName(e.Name); err != nil {
		return err
	}
	if e.Port < 0 || e.Port > 65535 {
		return Invalidf("port", "%d is not between 0 and 65535", e.Port)
	}
	if len(e.Address) > 255 || strings.ContainsAny(e.Address, " /\t\r\n") {
		return Invalidf("address", "is not a host name or address")
	}
	if (e.Address == "") != (e.Port == 0) {
		return Invalidf("port", "goes together with address")
	}
	return nil
}

// Pool is a set of engines that share work: any of them can take any batch of a
// site that is bound to it.
type Pool struct {
	ID      ID
	UUID    UUID
	Name    string // sites name it
	Members []ID   // engines
	// Targets is what it is there for, see ParseTargets; "" for what is bound to it
	// alone. A scan that is bound to nothing goes to the pool that is there for all
	// of its targets and for the fewest others.
	Targets string
	// Given is what else a dialect says of it, by its own names.
	Given   map[string]string
	Created time.Time
}

// For tells which of some pools is there for all of the targets, and for the
// fewest others; ok is false when none is. Names, whose addresses are not known
// beforehand, are nobody's.
func (ts Targets) For(pools []Pool) (best Pool, ok bool) {
	least := 0
	for _, p := range pools {
		if strings.TrimSpace(p.Targets) == "" || len(ts) == 0 {
			continue
		}
		within, err := ParseTargets(p.Targets)
		if err != nil || !ts.within(within) {
			continue
		}
		if n := within.Count(); !ok || n < least {
			best, least, ok = p, n, true
		}
	}
	return best, ok
}

func (ts Targets) within(others Targets) bool {
	for _, t := range ts {
		if !t.IsRange() {
			return false
		}
	}
	return len(ts.Subtract(others)) == 0
}

// Check answers Invalid, naming the field, for a pool that breaks its own
// rules.
func (p *Pool) Check() error {
	if err := checkName(p.Name); err != nil {
		return err
	}
	if strings.HasPrefix(p.Name, engineQueue) {
		return Invalidf("name", "must not begin with %s", engineQueue)
	}
	if strings.TrimSpace(p.Targets) != "" {
		list, err := ParseTargets(p.Targets)
		if err != nil {
			return Invalidf("targets", "%s", MessageOf(err))
		}
		for _, t := range list {
			if !t.IsRange() {
				return Invalidf("targets", "%q is no address", t)
			}
		}
	}
	return checkGiven(p.Given)
}

// EngineToken lets one engine enrol once.
type EngineToken struct {
	Hash    string // SHA-256 of the token, hex; the token itself is not kept
	Name    string // of the engine, "": the engine says
	Pool    string // that it becomes a member of; "": none
	By      string // who made it
	Created time.Time
	Expires time.Time
	Used    time.Time // zero: not yet
}
