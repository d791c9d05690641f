package netbed

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
)

func newBed(t *testing.T, o Options) *Bed {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "ethtool", "ethtool")
	needs.Binary(t, "nft", "nftables")
	b, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat("/run/netns/" + b.target); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the namespace %s is still there after Close: %v", b.target, err)
		}
	})
	return b
}

// connect tells what a connection from the scanner meets.
func (b *Bed) connect(addr string) string {
	err := b.dial(addr, 300*time.Millisecond)
	var slow net.Error
	switch {
	case err == nil:
		return "open"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "closed"
	case errors.As(err, &slow) && slow.Timeout():
		return "silent"
	default:
		return err.Error()
	}
}

func TestProfiles(t *testing.T) {
	b := newBed(t, Options{Name: "hbpa"})
	for _, c := range []struct {
		profile Profile
		want    map[string]string
	}{
		{Clean(), map[string]string{"10.77.0.0:22": "open", "10.77.255.255:22": "open", "10.77.3.4:24": "closed", "10.111.0.1:80": "open", "[fd77::7]:80": "open", "[fd77::7]:81": "closed"}},
		{Drop(), map[string]string{"10.77.3.4:22": "open", "10.77.3.4:24": "silent", "[fd77::7]:80": "open", "[fd77::7]:81": "silent"}},
		{Sparse(), map[string]string{"10.77.3.7:80": "open", "10.77.3.8:80": "closed"}},
		{Silent(), map[string]string{"10.77.3.7:80": "open", "10.77.3.7:81": "closed", "10.77.3.8:80": "silent", "10.96.3.8:80": "silent"}},
		{Loss(999), map[string]string{"10.77.3.7:80": "silent"}},
		{Bottleneck(1, 1), map[string]string{"10.77.3.7:80": "silent"}}, // the burst ends with the next line's connection
		{Clean(), map[string]string{"10.77.3.8:80": "open"}},
	} {
		if err := b.Shape(t.Context(), c.profile); err != nil {
			t.Fatal(err)
		}
		if c.profile.Name == Bottleneck(1, 1).Name {
			b.connect("10.77.3.9:80")
		}
		for addr, want := range c.want {
			if got := b.connect(addr); got != want {
				t.Errorf("%s: %s is %s; want %s", c.profile.Name, addr, got, want)
			}
		}
	}
}

func TestCounters(t *testing.T) {
	b := newBed(t, Options{Name: "hbpb"})
	if err := b.Shape(t.Context(), Drop()); err != nil {
		t.Fatal(err)
	}
	if err := b.Count(t.Context(), netip.MustParsePrefix("10.77.0.0/30")); err != nil {
		t.Fatal(err)
	}
	before, err := b.Sent()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"10.77.0.1:22", "10.77.0.3:24", "10.77.0.4:22", "[fd77::1]:22"} {
		b.connect(addr)
	}
	after, err := b.Sent()
	if err != nil {
		t.Fatal(err)
	}
	if probes, strays, err := b.Counted(t.Context()); err != nil || probes != 2 || strays != 2 {
		t.Errorf("Counted = %d, %d, %v; want 2 and 2", probes, strays, err)
	}
	if after-before < 4+3 { // a SYN each, and an ACK where it was answered
		t.Errorf("%d frames were sent; want at least 7", after-before)
	}
}

func TestDelay(t *testing.T) {
	const delay = 30 * time.Millisecond
	b := newBed(t, Options{Name: "hbpc", Delay: delay})
	for _, addr := range []string{"10.77.0.1:22", "[fd77::1]:22"} {
		b.connect(addr) // resolves the neighbour
		began := time.Now()
		if got := b.connect(addr); got != "open" {
			t.Errorf("%s is %s behind a delay; want open", addr, got)
		}
		if took := time.Since(began); took < 2*delay {
			t.Errorf("%s took %v; want at least %v", addr, took, 2*delay)
		}
	}
}

func TestTrickle(t *testing.T) {
	b := newBed(t, Options{Name: "hbpd"})
	stop, err := b.Trickle()
	if err != nil {
		t.Fatal(err)
	}
	before, err := b.Sent()
	if err != nil {
		t.Fatal(err)
	}
	for received(t, b) < 5 {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	// A few frames of the link itself are its own affair; answers to the
	// trickle would be as many as it has frames, while the kernel allows one.
	if after, err := b.Sent(); err != nil || after-before > 4 {
		t.Errorf("the scanner sent %d frames beside the trickle, %v; want few", after-before, err)
	}
}

// received counts the datagrams that the scanner's kernel took.
func received(t *testing.T, b *Bed) int {
	t.Helper()
	out, err := b.Command(t.Context(), "cat", "/proc/net/snmp").Output()
	if err != nil {
		t.Fatal(err)
	}
	return udpIn(t, string(out))
}

// udpIn reads InDatagrams.
//
// Source: proc_pid_net(5).
func udpIn(t *testing.T, snmp string) int {
	t.Helper()
	for line := range strings.Lines(snmp) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Udp:" && f[1] != "InDatagrams" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no line Udp")
	return 0
}
