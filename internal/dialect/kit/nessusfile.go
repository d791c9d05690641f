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

// NessusHead reads what a .nessus file says of itself. What comes after the first
// host's begin is not looked at.
func NessusHead(f io.Reader) (head nessusfile.Header, err error) {
	err = nessusfile.Read(f, func(h nessusfile.Header) error {
		if head = h; h.Report != "" {
			return errEnough
		}
		return nil
	}, func(nessusfile.ReadHost) error { return errEnough })
	if errors.Is(err, errEnough) {
		err = nil
	}
	return head, err
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

// ImportNessus takes the results of a .nessus file over as scan.Room.Import does,
// and learns the plugins that are not known here. It is read once, the next hosts
// while one is worked on; a fault at its end leaves nothing of it.
func (r Rooms) ImportNessus(ctx context.Context, by harrier.Actor, site *harrier.Site, said harrier.Scan, f io.Reader) (harrier.Scan, error) {
	n := newcomers{rooms: r, met: map[harrier.VulnID]*harrier.Vulnerability{}}
	known := func() {}
	sc, err := r.Scans.ImportAnd(ctx, by, site, said, format.Ahead(n.hosts(f), hostsAhead), func(ctx context.Context) (err error) {
		known, err = r.Vulns.Keep(ctx, n.list)
		return err
	})
	if err == nil {
		known()
	}
	return sc, err
}

// hostsAhead is how many hosts are read ahead: a part of what is written at a
// time, so that the file is read while the database answers.
const hostsAhead = 128

// newcomers are the plugins of a file that are not known here.
type newcomers struct {
	rooms Rooms
	met   map[harrier.VulnID]*harrier.Vulnerability // all that were met: nil for one that is known
	list  []harrier.Vulnerability
}

func (n *newcomers) hosts(f io.Reader) iter.Seq2[scan.Imported, error] {
	return func(yield func(scan.Imported, error) bool) {
		err := nessusfile.Read(f, func(nessusfile.Header) error { return nil }, func(h nessusfile.ReadHost) error {
			one := scan.Imported{Host: h.Host, Observations: make([]harrier.Observation, 0, len(h.Results)), Severity: map[harrier.VulnID]harrier.Severity{}}
			for i := range h.Results {
				one.Observations = append(one.Observations, h.Results[i].Observation)
				if v := n.meet(&h.Results[i]); v != nil {
					one.Severity[v.ID] = v.Severity
				}
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

// meet returns the definition of a plugin that is not known here.
func (n *newcomers) meet(r *nessusfile.ReadResult) *harrier.Vulnerability {
	v, met := n.met[r.Vulnerability]
	if !met {
		if _, known := n.rooms.Vulns.Lookup(r.Vulnerability); !known {
			v = r.Definition
			n.list = append(n.list, *v)
		}
		n.met[r.Vulnerability] = v
	}
	return v
}
