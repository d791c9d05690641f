package raw

import (
	"context"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestReservePorts(t *testing.T) {
	ns := namespace(t, "")
	for _, c := range []struct {
		ephemeral   string
		n, from, to int
	}{
		{"32768 60999", 16, 61008, 65535}, // the first multiple of 16 behind
		{"32768 60999", 1, 61000, 65535},
		{"1024 65535", 64, 1024, 65535}, // no room above
		{"32768 65530", 4, 65532, 65535},
		{"32768 65533", 4, 1024, 65535},
	} {
		inside(t, ns, func() error {
			if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte(c.ephemeral), 0); err != nil {
				return err
			}
			first, release, err := ReservePorts(c.n)
			if err != nil {
				return err
			}
			defer release()
			if int(first)%c.n != 0 || int(first) < c.from || int(first)+c.n-1 > c.to {
				t.Errorf("ReservePorts(%d) with %s = %d; want a multiple in %d-%d", c.n, c.ephemeral, first, c.from, c.to)
			}
			for port := int(first); port < int(first)+c.n; port++ {
				if isFree(port) {
					t.Errorf("port %d of %d+%d is not taken", port, first, c.n)
				}
			}
			release()
			release()
			if !isFree(int(first)) {
				t.Errorf("port %d is taken after release", first)
			}
			return nil
		})
	}
}

// isFree reports whether a program may listen on the TCP port, by either family.
func isFree(port int) bool {
	var lc net.ListenConfig
	free := 0
	for _, host := range []string{"127.0.0.1", "::1"} {
		if l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			free++
			_ = l.Close()
		}
	}
	return free > 0
}

// TestReservePortsTaken leaves one place only.
func TestReservePortsTaken(t *testing.T) {
	inside(t, namespace(t, ""), func() error {
		var all []uint16
		for range 4 {
			first, release, err := ReservePorts(1024)
			if err != nil {
				return err
			}
			defer release()
			all = append(all, first)
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != 4 {
			t.Errorf("ports %v are reserved twice", all)
		}
		for _, n := range []int{0, -1, 3, 2048} {
			if _, _, err := ReservePorts(n); harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("ReservePorts(%d) = %v; want Invalid", n, err)
			}
		}
		return nil
	})
}

func TestPlaces(t *testing.T) {
	for _, n := range []int{1, 16, 1024} {
		got := places(n, 60999)
		if slices.ContainsFunc(got, func(at int) bool { return at < 1024 || at%n != 0 || at+n > 1<<16 }) {
			t.Errorf("places(%d) has one that is out of range or not aligned", n)
		}
		if first := slices.IndexFunc(got, func(at int) bool { return at <= 60999 }); slices.Max(got[first:]) > 60999 {
			t.Errorf("places(%d) has ports above 60999 behind lower ones", n)
		}
		if slices.Sort(got); len(slices.Compact(got)) != (1<<16-1024)/n {
			t.Errorf("places(%d) has %d; want each once", n, len(got))
		}
	}
}
