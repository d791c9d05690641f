//go:build unix

package ports_test

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/stage/ports"
)

func silentPort(t *testing.T, addr string) harrier.Endpoint {
	t.Helper()
	socket := func() int {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fd) })
		return fd
	}
	fd, a := socket(), netip.MustParseAddr(addr).As4()
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: a}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	own, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := own.(*syscall.SockaddrInet4).Port
	for range 2 { // the queue takes one or two
		c := socket()
		if err := syscall.SetNonblock(c, true); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Connect(c, &syscall.SockaddrInet4{Addr: a, Port: port}) // goes on in the background
	}
	return harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(port)}
}

// A port that stays silent is known to be filtered while the host answers, and
// is not known when nothing shows that the host is there.
func TestScanSilent(t *testing.T) {
	silent := silentPort(t, "127.1.2.31")
	spec := fmt.Sprint("T:", silent.Port)
	n, a := declared(t, "127.1.2.31", netio.Pace{})
	began := time.Now()
	r, err := ports.Scan(t.Context(), n, ports.Target{Addr: a, RTT: time.Millisecond, Settings: harrier.Settings{Ports: spec + ",1-9"}}, ignore)
	if err != nil || r.Silent != 0 || r.Known.Count(harrier.TCP) != 10 || len(r.Open) != 0 {
		t.Errorf("Scan of a silent port and closed ones = %+v, %v; want all 10 known", r, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Scan took %v; want the waits of two tries", took)
	}
	r, err = ports.Scan(t.Context(), n, ports.Target{Addr: a, RTT: time.Millisecond, Settings: harrier.Settings{Ports: spec, NoICMP: true}}, ignore)
	if err != nil || r.Silent != 1 || r.Known.Count(harrier.TCP) != 0 || r.Reason == "" {
		t.Errorf("Scan of a silent port alone = %+v, %v; want it unknown", r, err)
	}
	if n.SentTo(a) < 13 {
		t.Errorf("%d probes; want at least two for each silent port", n.SentTo(a))
	}
	if slices.Contains(r.Open, silent) {
		t.Errorf("the silent port %v is called open", silent)
	}
}
