// Package ports finds the open ports of one host: TCP ports by a sweep, which
// netio runs for all hosts of a scan together, and UDP ports by asking in the
// words of the protocols that usually live there.
//
// A Report says which ports' state became known, and no more: what was not
// asked, what stayed silent after the host's last answer, and UDP ports that
// did not answer are not among them.
package ports

import (
	"cmp"
	"context"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// Target is the host to scan and how.
type Target struct {
	Addr     netip.Addr
	RTT      time.Duration // as measured before; 0 when it was not
	Witness  sweep.Item    // what the host answered before, if Known
	Known    bool
	Settings harrier.Settings
	// Gently reports whether the host has shown itself meanwhile as one that bears
	// little: the rest of its ports is asked by connecting then, and no UDP port.
	// Nil: it never does.
	Gently func() bool
}

func (t *Target) gently() bool { return t.Gently != nil && t.Gently() }

// Report is what became known of a host's ports.
type Report struct {
	Known harrier.Ports      // whose state is known: open, closed or filtered
	Alive bool               // something answered
	Open  []harrier.Endpoint // among Known, in the order of Endpoint.Compare
	// OpenFiltered are UDP ports that gave no answer: open with a service that did
	// not like the question, or behind a filter.
	OpenFiltered harrier.Ports
	Closed       uint16 // a TCP port that refused; 0 when none did
	Refused      int    // how many TCP ports did
	Silent       int    // ports that gave no answer, or whose silence proves nothing
	Reason       string // why ports were left out; "" when none was
}

// GaveUp is the Reason of a scan that ended early: the host was left alone.
const GaveUp = "the host stopped answering"

// Found is called with each open port at once, a UDP port with what it answered.
// Its error ends the scan.
type Found func(ctx context.Context, e harrier.Endpoint, heard question.Heard) error

// Scan asks the ports that the settings name. It returns what became known
// even with an error: that of found, ctx's, or Invalid for a port list that can
// not be read.
func Scan(ctx context.Context, n *netio.Net, t Target, found Found) (Report, error) {
	plan, err := plans.of(t.Settings)
	if err != nil {
		return Report{}, err
	}
	r, err := scanTCP(ctx, n, t, plan.tcp, found)
	if err == nil && len(plan.udp) > 0 && r.Reason != GaveUp && !t.gently() {
		u := newUDPScan(n, t, plan.udp, found)
		u.fragile = t.Settings.ScanOT
		err = u.run(ctx)
		asked := u.report()
		asked.Alive = len(asked.Known.UDP) > 0
		r = join(r, asked)
		r.OpenFiltered = u.openFiltered()
	}
	slices.SortFunc(r.Open, harrier.Endpoint.Compare)
	return r, err
}

func join(a, b Report) Report {
	return Report{
		Known:  harrier.Ports{TCP: a.Known.TCP, UDP: b.Known.UDP},
		Alive:  a.Alive || b.Alive,
		Open:   append(a.Open, b.Open...),
		Closed: a.Closed, Refused: a.Refused,
		Silent: a.Silent + b.Silent, Reason: cmp.Or(a.Reason, b.Reason),
	}
}

// ranges writes ports as the ranges of a harrier.Ports.
func ranges(ports []uint16) []harrier.PortRange {
	var set [1 << 10]uint64 // of bits: to sort a thousand ports takes ten times as long
	for _, p := range ports {
		set[p>>6] |= 1 << (p & 63)
	}
	var out []harrier.PortRange
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			p := uint16(i<<6 + bits.TrailingZeros64(word))
			if n := len(out); n > 0 && int(p) == int(out[n-1].Last)+1 {
				out[n-1].Last = p
			} else {
				out = append(out, harrier.PortRange{First: p, Last: p})
			}
		}
	}
	return out
}

// likely are the ports that are open most often: asked first, the first
// finding comes early.
var likely = []uint16{
	80, 443, 22, 21, 25, 23, 53, 3389, 445, 139, 8080, 3306, 110, 143, 993, 995, 111, 135, 587, 5432, 6379, 8443, 5900, 389, 636,
	1433, 27017, 9200, 11211, 1883, 5672, 2375, 2379, 8000, 8008, 8888, 10000, 5985, 873, 2049, 4222, 9090, 3000, 6443, 465,
}

// ordered puts the likely ports first and spreads the rest, so that neighbours
// are not asked in one burst. Port 0 is left out.
func ordered(ports []uint16) []uint16 {
	var places [1 << 16]uint16 // 0: free
	for _, p := range ports {
		places[spread(p)] = p
	}
	out := make([]uint16, 0, len(ports))
	take := func(place uint16) {
		if p := places[place]; p != 0 {
			out = append(out, p)
			places[place] = 0
		}
	}
	for _, p := range likely {
		take(spread(p))
	}
	for place := range places {
		take(uint16(place))
	}
	return out
}

// spread is a fixed permutation of the port numbers: it is odd, so that no two
// ports meet, and always the same, so that scans can be compared.
func spread(p uint16) uint16 { return p * 40503 }
