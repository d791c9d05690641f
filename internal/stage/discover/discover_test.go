package discover_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/stage/discover"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPing(t *testing.T) {
	for _, test := range []struct {
		addr string
		set  harrier.Settings
		want discover.Answer
	}{
		{"127.1.22.1", harrier.Settings{}, discover.Answer{Alive: true, Reason: "local"}},
		{"::1", harrier.Settings{}, discover.Answer{Alive: true, Reason: "local"}},
		{"127.1.22.1", harrier.Settings{SkipOwn: true}, discover.Answer{Reason: "an address of the engine"}},
		{"192.0.2.1", harrier.Settings{NoPing: true}, discover.Answer{Alive: true, Reason: "not pinged"}},
		{"192.0.2.1", harrier.Settings{NoARP: true, NoICMP: true, NoTCPPing: true}, discover.Answer{Alive: true, Reason: "not pinged"}},
	} {
		n := netio.New(harrier.Guard{}, nil, netio.Pace{})
		got, err := discover.Ping(t.Context(), n, netip.MustParseAddr(test.addr), test.set)
		if err != nil || got != test.want || n.Sent() != 0 {
			t.Errorf("Ping(%s, %+v) = %+v, %v with %d packets; want %+v with none", test.addr, test.set, got, err, n.Sent(), test.want)
		}
	}
}

// A host that is no target is never asked, and a scan that is stopped ends the
// asking.
func TestPingSendsNothing(t *testing.T) {
	n, a := netio.New(harrier.Guard{}, nil, netio.Pace{}), netip.MustParseAddr("192.0.2.1")
	defer n.Close()
	if got, err := discover.Ping(t.Context(), n, a, harrier.Settings{}); got.Alive || harrier.KindOf(err) != harrier.Forbidden || n.Sent() != 0 {
		t.Errorf("Ping of a host that is no target = %+v, %v with %d packets; want Forbidden with none", got, err, n.Sent())
	}
	if err := n.Declare(a, 0); err != nil {
		t.Fatal(err)
	}
	n.Hold()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := discover.Ping(ctx, n, a, harrier.Settings{}); !errors.Is(err, context.DeadlineExceeded) || n.Sent() != 0 {
		t.Errorf("Ping while held = %+v, %v with %d packets; want the context's end with none", got, err, n.Sent())
	}
}
