package probe

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"
)

// Step is one thing that happened in an identification: a question and what
// came of it, or what was concluded.
type Step struct {
	At       time.Duration `json:"at"`                 // when it was over, since the identification began
	Question string        `json:"question"`           // by name: "banner", "http", "tls", "ssh, closer"
	Inside   bool          `json:"inside,omitempty"`   // asked inside TLS
	Took     time.Duration `json:"took,omitempty"`     // from the question to its outcome
	Sent     int           `json:"sent,omitempty"`     // bytes
	Received int           `json:"received,omitempty"` // bytes
	Answer   string        `json:"answer,omitempty"`   // the first bytes of what was received, printable
	Outcome  string        `json:"outcome,omitempty"`  // "answered", "no answer", "closed", "not connected: …"; what was concluded
	Rule     string        `json:"rule,omitempty"`     // that told it; "" when the protocol itself did
	Product  string        `json:"product,omitempty"`  // what the step told, by Evidence
	Version  string        `json:"version,omitempty"`
	CPE      string        `json:"cpe,omitempty"`
	Evidence string        `json:"evidence,omitempty"`
}

// maxTraced bounds Step.Answer.
const maxTraced = 256

// step hands a step to the target's Trace, one at a time.
func (x *talk) step(s Step) {
	if x.Trace == nil {
		return
	}
	x.tracing.Lock()
	defer x.tracing.Unlock()
	s.At = time.Since(x.began)
	x.Trace(s)
}

// conclude traces a conclusion.
func (x *talk) conclude(question, outcome string) {
	x.step(Step{Question: question, Inside: x.inside != nil, Outcome: outcome})
}

// heard notes how an attempt to read ended: for the reason of an endpoint that
// stays unknown, and for the trace. Got is what was received since asked.
func (w *wire) heard(got []byte, err error, asked time.Time) {
	x := w.x
	if x == nil {
		return
	}
	outcome := "answered"
	switch {
	case len(got) > 0:
		x.answered.Store(true)
	case errors.Is(err, os.ErrDeadlineExceeded) && !w.ended.Load():
		x.silent.Store(true)
		outcome = "no answer"
	case w.ended.Load() || errors.Is(err, context.Canceled):
		outcome = "not waited for"
	default:
		outcome = "closed"
	}
	if x.Trace == nil {
		return
	}
	x.step(Step{
		Question: w.question, Inside: w.inside, Took: time.Since(asked), Sent: w.sent, Received: len(got),
		Answer: traced(got), Outcome: outcome,
	})
	w.sent = 0
}

// traced is the form of an answer in a trace: one line.
func traced(b []byte) string {
	return clip(strings.ReplaceAll(strings.TrimRight(clean(string(b[:min(len(b), maxTraced)])), "\n"), "\n", " ⏎ "), maxTraced)
}

// hungUp reports whether err says that the peer closed the connection.
func hungUp(err error) bool {
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) &&
		!errors.Is(err, errBudget)
}
