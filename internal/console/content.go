package console

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
)

// contentPoll is how often a console looks whether other content was put in
// force.
const contentPoll = 3 * time.Second

// contentWatch brings the content of a data folder to those who use it: at the
// start, and whenever it is other content, by whatever process it was installed.
// What does not verify is never used: what was in force before stays, at the start
// the facts that are built into the program.
type contentWatch struct {
	place pack.Place
	log   *slog.Logger
	poll  time.Duration
	// use takes verified content. It swaps it in as a whole, or answers why not,
	// and then goes on with what it has.
	use   func(context.Context, pack.Content) error
	seen  string // name of the content that was last tried
	state atomic.Pointer[ContentState]
}

// ContentState is which content a console uses.
type ContentState struct {
	Content pack.Content // zero: the built-in facts
	Err     error        // why installed content is not used; nil when it is, or when there is none
}

// newContentWatch returns a watch over the content of a data folder. Use may be
// nil.
func newContentWatch(data string, log *slog.Logger, use func(context.Context, pack.Content) error) *contentWatch {
	w := &contentWatch{place: pack.In(data), log: log, poll: contentPoll, use: use}
	w.state.Store(&ContentState{})
	return w
}

// State returns which content is used now.
func (w *contentWatch) State() ContentState { return *w.state.Load() }

// look loads the content that is in force unless it is what was tried last.
func (w *contentWatch) look(ctx context.Context) {
	name, err := w.place.Current()
	if err == nil && name == w.seen {
		return
	}
	if err != nil {
		name = "?" // damaged: told once
		if name == w.seen {
			return
		}
	}
	w.seen = name
	c, err := w.place.Load()
	if err == nil && w.use != nil {
		err = w.use(ctx, c)
	}
	before := w.State()
	switch {
	case harrier.KindOf(err) == harrier.NotFound && err != nil:
		w.log.InfoContext(ctx, "no content is installed, the built-in facts are in force")
	case ctx.Err() != nil:
	case err != nil:
		if harrier.KindOf(err) == harrier.Unavailable { // the disk may come back
			w.seen = ""
		}
		if before.Err != nil && before.Err.Error() == err.Error() {
			return // it is told once
		}
		w.log.ErrorContext(ctx, "the installed content is not used", "err", err, "instead", described(before.Content))
		w.state.Store(&ContentState{Content: before.Content, Err: err})
	default:
		w.log.InfoContext(ctx, "content is in force", "sequence", c.Sequence, "version", c.Version, "publisher", c.Publisher, "created", c.Created, "sources", len(c.Sources))
		for _, warning := range c.Warnings(time.Now()) {
			w.log.WarnContext(ctx, "content may be old", "reason", warning)
		}
		w.state.Store(&ContentState{Content: c})
	}
}

// String tells it in a line for people, with the version.
func (s ContentState) String() string {
	var b strings.Builder
	if m := s.Content.Manifest; m.Sequence > 0 {
		fmt.Fprintf(&b, "content %d (%s), made %s by %s", m.Sequence, m.Version, m.Created.UTC().Format(time.DateOnly), m.Publisher)
	} else {
		version, source := BuiltinContent()
		fmt.Fprintf(&b, "the %d facts that are built into the program (%s)", source.Records, version)
	}
	if s.Err != nil {
		fmt.Fprintf(&b, "; what is installed is not used: %s", harrier.MessageOf(s.Err))
	}
	return b.String()
}

func described(c pack.Content) string {
	if c.Sequence == 0 {
		return "built-in facts"
	}
	return "content " + c.Version
}

// run looks again and again until ctx ends.
func (w *contentWatch) run(ctx context.Context) error {
	tick := time.NewTicker(w.poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			w.look(ctx)
		}
	}
}
