package dial

import (
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// BenchmarkAllPorts asks for the 65,535 ports of one host: of this machine, or
// of the one that HARRIER_DIAL_ADDR names.
func BenchmarkAllPorts(b *testing.B) {
	if addr := os.Getenv("HARRIER_DIAL_ADDR"); addr != "" {
		b.Run("far", func(b *testing.B) { allPorts(b, netip.MustParseAddr(addr), 4096) })
		return
	}
	for name, addr := range map[string]string{"ipv4": "127.1.4.1", "ipv6": "::1"} {
		for _, most := range []int{16, 4096} {
			b.Run(fmt.Sprint(name, "/", most), func(b *testing.B) { allPorts(b, netip.MustParseAddr(addr), most) })
		}
	}
}

func allPorts(b *testing.B, addr netip.Addr, most int) {
	var answered atomic.Int64
	var states [sweep.Unreachable + 1]atomic.Int64
	done := make(chan struct{}, 1)
	t, err := New(func(answers []sweep.Answer) {
		for i := range answers {
			states[answers[i].State].Add(1)
		}
		if answered.Add(int64(len(answers)))%65535 == 0 {
			done <- struct{}{}
		}
	}, Options{Max: most})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	probes := make([]sweep.Probe, 65535)
	for i := range probes {
		probes[i] = sweep.Probe{Addr: addr, Item: sweep.Ask(sweep.SYN, uint16(i+1)), Wait: time.Second}
	}
	b.ReportAllocs()
	for b.Loop() {
		for rest := probes; len(rest) > 0; {
			n, err := t.Send(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
		<-done
	}
	b.ReportMetric(65535*float64(b.N)/b.Elapsed().Seconds(), "ports/s")
	for s := range states {
		if n := states[s].Load(); n > 0 {
			b.ReportMetric(float64(n)/float64(b.N), sweep.State(s).String())
		}
	}
}
