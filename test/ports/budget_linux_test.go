package ports

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/netbed"
)

// TestBudgets holds the caps against what arrives, as the target's kernel
// stamps it: in no second more than the cap and a twentieth.
func TestBudgets(t *testing.T) {
	w := use(t, netbed.Clean())
	w.listen(t, modbus)
	end := w.watch(t)
	t.Run("scans", func(t *testing.T) {
		for _, s := range []struct {
			name, target string
			ports        int
			extra        []string
		}{
			{"rate", "10.77.130.0/29", 200, []string{"--rate", "500"}},
			{"host rate", "10.77.131.0/30", 120, []string{"--host-rate", "40"}},
			{"host rate by connecting", "10.77.132.0/30", 120, []string{"--host-rate", "40", "--connect"}},
			{"control system", "10.77.133.1/32", 150, []string{"--host-rate", "100"}},
		} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				w.open(t, s.target, append(some(s.ports), modbus), s.extra...)
			})
		}
		for name, args := range map[string][]string{
			"host rate of UDP":        {"--no-ping", "-p", "U:20001-20080", "10.77.134.0/31"},
			"host rate with a search": {"--ping", "icmp,tcp,udp", "-p", "T:20001-20080,U:20001-20080", "10.77.135.0/31", "fd77::8700/127"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w.run(t, append([]string{"scan", "--ports-only", "--format", "list", "--progress", "never", "-o", filepath.Join(t.TempDir(), "found"), "--host-rate", "40"}, args...)...)
			})
		}
	})
	all := end()
	within(t, "--rate 500", all, netip.MustParsePrefix("10.77.130.0/29"), time.Time{}, 500)
	for _, net := range []string{"10.77.131.0/30", "10.77.132.0/30", "10.77.134.0/31", "10.77.135.0/31", "fd77::8700/127"} {
		for _, a := range without([]string{net}, nil) {
			within(t, "--host-rate 40", all, netip.PrefixFrom(a, a.BitLen()), time.Time{}, 40)
		}
	}
	var found time.Time
	for _, s := range all {
		if s.To == netip.MustParseAddr("10.77.133.1") && s.ToPort == modbus && found.IsZero() {
			found = s.At.Add(100 * time.Millisecond) // for the answer to be heard
		}
	}
	within(t, "a control system", all, netip.MustParsePrefix("10.77.133.1/32"), found, harrier.FragileRate)
}

const modbus = 502

// within demands that after some time no more questions than most and a
// twentieth went to a net in any second, and that it lasted longer than one.
func within(t *testing.T, what string, seen []netbed.Seen, to netip.Prefix, after time.Time, most int) {
	t.Helper()
	var at []time.Time
	for _, s := range seen {
		if to.Contains(s.To) && asks(s) && s.At.After(after) {
			at = append(at, s.At)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	worst, first := 0, 0
	for last := range at {
		for at[last].Sub(at[first]) >= time.Second {
			first++
		}
		worst = max(worst, last-first+1)
	}
	if len(at) < most || first == 0 {
		t.Errorf("%s: %d questions to %v within a second prove nothing", what, len(at), to)
	}
	if worst > most*21/20 {
		t.Errorf("%s: %d questions in one second to %v; want at most %d", what, worst, to, most)
	}
	t.Logf("%s: %d questions to %v, at most %d in one second", what, len(at), to, worst)
}

const (
	tcpSYN, tcpRST, tcpACK = 2, 4, 16
)

// listen opens one more port of the target's until the test ends.
func (w *world) listen(t *testing.T, port int) {
	t.Helper()
	var in net.Listener
	err := w.InTarget(func() (err error) {
		var lc net.ListenConfig
		in, err = lc.Listen(t.Context(), "tcp", net.JoinHostPort("", strconv.Itoa(port)))
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("listen: %w", err))
	}
	t.Cleanup(func() { in.Close() })
}

// asks reports whether a frame is a question, and not what a kernel says on its
// own: to accepted connections, and to what comes to nobody. An ACK may be
// either, and is left out.
func asks(s netbed.Seen) bool {
	switch s.Proto {
	case unix.IPPROTO_TCP:
		return s.Flags&(tcpSYN|tcpACK) == tcpSYN
	case unix.IPPROTO_UDP:
		return true
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		return s.FromPort != 0 || s.ToPort != 0 // a query
	}
	return false
}
