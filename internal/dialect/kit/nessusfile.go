package kit

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
	"github.com/harrier-scan/harrier/internal/scan"
)

// ReadNessus reads a .nessus file once, to find its faults before anything is
// stored, and returns what it says of itself and of plugins that are not known.
func (r Rooms) ReadNessus(ctx context.Context, f io.Reader) (head nessusfile.Header, learnt []harrier.Vulnerability, err error) {
	known := map[harrier.VulnID]bool{}
	err = nessusfile.Read(f, func(h nessusfile.Header) error {
		head = h
		return nil
	}, func(h nessusfile.ReadHost) error {
		for _, res := range h.Results {
			if _, found := r.Vulns.Lookup(res.Vulnerability); !found && !known[res.Vulnerability] {
				known[res.Vulnerability] = true
				learnt = append(learnt, *res.Definition)
			}
		}
		return ctx.Err()
	})
	return head, learnt, err
}

// NessusTime is an instant among the preferences of a .nessus file; zero for one
// that is not there, or no instant.
func NessusTime(p nessusfile.Policy, name string) time.Time {
	n, err := strconv.ParseInt(p.Preferences[name], 10, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

var errEnough = errors.New("no more hosts are wanted")

// NessusHosts yields the hosts of a .nessus file as it is read: the next ones
// while one is worked on.
func NessusHosts(f io.Reader) iter.Seq2[scan.Imported, error] {
	return format.Ahead(nessusHosts(f), hostsAhead)
}

// hostsAhead is how many hosts are read ahead. One can have much text.
const hostsAhead = 2

func nessusHosts(f io.Reader) iter.Seq2[scan.Imported, error] {
	return func(yield func(scan.Imported, error) bool) {
		err := nessusfile.Read(f, func(nessusfile.Header) error { return nil }, func(h nessusfile.ReadHost) error {
			one := scan.Imported{Host: h.Host, Severity: map[harrier.VulnID]harrier.Severity{}}
			for _, r := range h.Results {
				one.Observations = append(one.Observations, r.Observation)
				one.Severity[r.Vulnerability] = max(one.Severity[r.Vulnerability], r.Severity)
			}
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(scan.Imported{}, err)
		}
	}
}
