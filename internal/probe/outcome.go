package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// OutcomeFact is the key of the fact that says why an endpoint was not
// recognised, or was not looked at to the end: one of the outcomes below.
const OutcomeFact = "identify.outcome"

// The outcomes. GaveUp is followed by the time that was allowed.
const (
	NoAnswer      = "no answer"                                                 // it accepts connections and says nothing
	Closed        = "closed without an answer"                                  // it accepts connections and closes them
	NotConnected  = "does not accept connections"                               // any more
	NotRecognised = "answered, not recognised"                                  // it says something that no protocol knows
	GaveUp        = "gave up after "                                            // its time was over
	NotAsked      = "not asked: too many ports of the host were not recognised" // the host seems to be a tarpit
)

// errGaveUp ends an identification whose time is over.
var errGaveUp = errors.New("the time for the endpoint is over")

// deadlineAnswers is how many answers' time one endpoint has: enough for the
// slowest of good servers with every question asked.
const deadlineAnswers = 12

// bounded returns a context that ends when the endpoint's time is over. The
// clock starts with the first call of start: who waits for a place loses none.
func (x *talk) bounded(ctx context.Context) (within context.Context, start, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	clock := time.AfterFunc(time.Hour, func() { cancel(errGaveUp) })
	clock.Stop()
	return ctx, sync.OnceFunc(func() { clock.Reset(x.Deadline) }), func() {
		clock.Stop()
		cancel(nil)
	}
}

// end notes how the identification ended, if that is worth a word.
func (x *talk) end(ctx context.Context) {
	outcome := ""
	switch {
	case errors.Is(context.Cause(ctx), errGaveUp):
		outcome = GaveUp + x.Deadline.String()
	case x.s.Name != "":
	case x.connected.Load() == 0:
		outcome = NotConnected
	case x.answered.Load():
		outcome = NotRecognised
	case x.silent.Load():
		outcome = NoAnswer
	default:
		outcome = Closed
	}
	x.fact(OutcomeFact, outcome)
	if outcome != "" {
		x.conclude("end", outcome)
	}
	if x.s.Name != "" {
		x.Learned.saw(*x.s)
	}
}

// Refused returns the service of an endpoint that was not asked, for a reason.
func Refused(e harrier.Endpoint, reason string) harrier.Service {
	return harrier.Service{Endpoint: e, Facts: map[string]string{OutcomeFact: reason}}
}
