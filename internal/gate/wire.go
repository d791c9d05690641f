// Package gate is where engines elsewhere meet the console: a listener with
// mutual TLS and what it says, and the engine's side of it.
//
// What stands there is a NATS server of its own, without JetStream: the bus of
// the console can not be reached through it. Each engine may publish to
// "engine.<its uuid>.<verb>" only and listen to "_INBOX.<its uuid>.>" and
// "command.<its uuid>" only; the console answers each request itself, knowing
// from the subject whom it serves. Work is handed out with a ticket, which the
// engine shows with all that it says about the work: the ticket is sealed by
// the console, names engine, scan, batch and attempt, and outlives a restart.
//
// An engine enrols with a token: it connects with it in place of a certificate
// and may then send one request, with its public keys. The token carries the
// fingerprint of the console's authority, so that the engine knows the console
// before it says anything.
package gate

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// DefaultPort is where consoles listen for engines unless told otherwise.
const DefaultPort = "40815"

// The bounds of what goes through the gate.
const (
	maxMessage = 8 << 20
	longPoll   = 5 * time.Second  // how long a request for work is kept open
	answerIn   = 15 * time.Second // how long an engine waits for an answer
)

// The verbs of an engine.
const (
	verbFetch      = "fetch"
	verbResult     = "result"
	verbSettle     = "settle"
	verbDone       = "done"
	verbProperties = "properties"
	verbBeat       = "beat"
	verbRenew      = "renew"
)

func subject(id harrier.UUID, verb string) string { return "engine." + id.String() + "." + verb }
func commands(id harrier.UUID) string             { return "command." + id.String() }
func inbox(id harrier.UUID) string                { return "_INBOX." + id.String() }

// reply is every answer: what the verb gives, or an error.
type reply[T any] struct {
	Give  T            `json:"give,omitzero"`
	Kind  harrier.Kind `json:"kind,omitempty"` // of Error
	Error string       `json:"error,omitempty"`
}

// handout is a batch on its way to an engine; no Ticket: there is none now.
type handout struct {
	Ticket  []byte          `json:"ticket,omitempty"`
	Job     harrier.Job     `json:"job,omitzero"`
	Attempt int             `json:"attempt,omitempty"`
	Command harrier.Command `json:"command,omitempty"` // the last one about the scan
}

// said is a result, about the work of the ticket.
type said struct {
	Ticket []byte         `json:"ticket"`
	Result harrier.Result `json:"result"`
}

// settle tells what becomes of the work of a ticket.
type settle struct {
	Ticket []byte        `json:"ticket"`
	How    string        `json:"how"` // "ack", "nak", "progress"
	Delay  time.Duration `json:"delay,omitempty"`
}

// asking is a question about the work of a ticket.
type asking struct {
	Ticket []byte `json:"ticket"`
}

// beat is a heartbeat with the tickets of the work in hand.
type beat struct {
	Heartbeat harrier.Heartbeat `json:"heartbeat"`
	Tickets   [][]byte          `json:"tickets,omitempty"`
}

// commanded are the last commands of scans.
type commanded map[harrier.ID]harrier.Command

// keys are an engine's public keys and how it wants to be called. Request is a
// certificate request in DER, signed with the key of its certificate.
type keys struct {
	Name    string `json:"name"`
	Box     []byte `json:"box"`
	Request []byte `json:"request"`
}

// papers are what an enrolled engine has from the console.
type papers struct {
	UUID      harrier.UUID     `json:"uuid"`
	Name      string           `json:"name"`
	Chain     []byte           `json:"chain"`           // certificate, DER
	Authority []byte           `json:"authority"`       // that signed it, and the console's own, DER
	Life      harrier.Duration `json:"life"`            // of the certificate
	Taken     time.Time        `json:"taken,omitzero"`  // on the engine: when it came
	Token     string           `json:"token,omitempty"` // on the engine: hash of that it enrolled with
	Redeliver harrier.Duration `json:"redeliver"`       // after which silence the console gives a batch away
}

// fail makes an answer of an error; the engine gets kind and message, nothing of
// the cause.
func fail[T any](err error) reply[T] {
	return reply[T]{Kind: harrier.KindOf(err), Error: harrier.MessageOf(err)}
}

func (r reply[T]) err() error {
	if r.Error == "" {
		return nil
	}
	return harrier.Errorf(r.Kind, "%s", r.Error)
}

// plain is base32 in lower case without padding.
var plain = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token joins an enrolment secret and the console's authority, which the engine
// recognises by it.
func Token(secret string, authority []byte) string {
	sum := sha256.Sum256(authority)
	return secret + "." + plain.EncodeToString(sum[:])
}

// splitToken returns the secret and the fingerprint of the authority.
func splitToken(token string) (secret string, pin []byte, err error) {
	secret, text, ok := strings.Cut(strings.TrimSpace(token), ".")
	pin, decodeErr := plain.DecodeString(text)
	if !ok || secret == "" || decodeErr != nil || len(pin) != sha256.Size {
		return "", nil, harrier.Invalidf("token", "is not an enrolment token")
	}
	return secret, pin, nil
}

// Fingerprint is the SHA-256 of a certificate in DER, in hex: how a console is
// known.
func Fingerprint(authority []byte) string { return fmt.Sprintf("%x", sha256.Sum256(authority)) }

func pinned(authority, pin []byte) bool {
	sum := sha256.Sum256(authority)
	return subtle.ConstantTimeCompare(sum[:], pin) == 1
}

// withPort adds the default port to an address that has none.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), DefaultPort)
}
