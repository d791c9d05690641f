package finding

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// news is what knowledge says of a subject that it did not say before.
type news struct {
	harrier.Subject // its Verdict is that before

	opens  []harrier.Held   // which it did not have, or in another way
	closes []harrier.VulnID // denied
	// after is the verdict when all assets have heard; halfway is that while some
	// have: what is new is in doubt then, so that whatever comes next looks at it
	// again.
	after, halfway string
	heard          harrier.ID // the assets up to this one have
}

// silent reports whether no finding can change.
func (n *news) silent() bool { return len(n.opens) == 0 && len(n.closes) == 0 }

// vulns are the vulnerabilities with findings that can change.
func (n *news) vulns() []harrier.VulnID {
	out := make([]harrier.VulnID, 0, len(n.opens)+len(n.closes))
	for _, h := range n.opens {
		out = append(out, h.Vulnerability)
	}
	return append(out, n.closes...)
}

// newsOf compares what is known of a subject with its verdict; nil: nothing is
// new. What knowledge is silent about now stays, in doubt, until somebody denies
// it.
func newsOf(j Judge, s harrier.Subject, at time.Time) (*news, error) {
	held, err := j.Verdict(s.Text, at)
	if err != nil {
		return nil, err
	}
	if s.Verdict == harrier.WriteHeld(held) {
		return nil, nil
	}
	before, err := harrier.ReadHeld(s.Verdict)
	if err != nil {
		return nil, err
	}
	n := &news{Subject: s}
	after, halfway := make([]harrier.Held, 0, len(held)), make([]harrier.Held, 0, len(held))
	for len(held) > 0 || len(before) > 0 {
		switch {
		case len(before) == 0 || len(held) > 0 && held[0].Vulnerability < before[0].Vulnerability:
			n.opens = append(n.opens, held[0])
			after, halfway = append(after, held[0]), append(halfway, doubt(held[0]))
			held = held[1:]
		case len(held) == 0 || before[0].Vulnerability < held[0].Vulnerability:
			d := doubt(before[0])
			no, err := j.Denies(s.Text, d.Vulnerability, at)
			if err != nil {
				return nil, err
			}
			if halfway = append(halfway, d); no {
				n.closes = append(n.closes, d.Vulnerability)
			} else {
				after = append(after, d)
			}
			before = before[1:]
		default:
			if after = append(after, held[0]); held[0] == before[0] {
				halfway = append(halfway, held[0])
			} else {
				n.opens, halfway = append(n.opens, held[0]), append(halfway, doubt(held[0]))
			}
			held, before = held[1:], before[1:]
		}
	}
	n.after, n.halfway = harrier.WriteHeld(after), harrier.WriteHeld(halfway)
	if n.silent() && n.after == s.Verdict {
		return nil, nil
	}
	return n, nil
}

func doubt(h harrier.Held) harrier.Held {
	return harrier.Held{Vulnerability: h.Vulnerability, Doubt: true}
}

// news compares subjects with what is known now, on all cores. Those that can not
// be compared are left out, with a line in the log.
func (m *rematch) news(ctx context.Context, list []harrier.Subject) ([]*news, error) {
	now := m.Now()
	all := make([]*news, len(list))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range list {
		g.Go(func() error {
			err := safely(func() (err error) { all[i], err = newsOf(m.Judge, s, now); return err })
			switch {
			case errors.As(err, new(fault)):
				m.Log.ErrorContext(ctx, "software not compared", "subject", s.Text, "err", err)
			case err != nil:
				return fmt.Errorf("judge subject %d: %w", s.ID, err)
			}
			return nil
		})
	}
	err := g.Wait()
	out := slices.DeleteFunc(all, func(n *news) bool { return n == nil })
	m.sum.Subjects += len(list)
	m.sum.Changed += len(out)
	return out, err
}
