package list

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/formattest"
)

func written(t *testing.T, hosts ...format.Host) string {
	t.Helper()
	var out bytes.Buffer
	if err := Format.Write(t.Context(), &out, formattest.Scan(), formattest.Each(hosts)); err != nil {
		t.Fatalf("Write = %v", err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	formattest.Golden(t, "sample.txt", []byte(written(t, formattest.Hosts()...)))
}

func TestLines(t *testing.T) {
	host := func(addr string, services ...harrier.Endpoint) format.Host {
		h := format.Host{Services: []harrier.Service{}}
		if addr != "" {
			h.Addr = netip.MustParseAddr(addr)
		}
		for _, e := range services {
			h.Services = append(h.Services, harrier.Service{Endpoint: e})
		}
		return h
	}
	web, snmp := harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, harrier.Endpoint{Protocol: harrier.UDP, Port: 161}
	for _, c := range []struct {
		host format.Host
		want string
	}{
		{host("::1", web), "[::1]:80\n"},
		{host("fe80::1%eth0", web), "[fe80::1%eth0]:80\n"},
		{host("192.0.2.7", snmp, web, snmp), "192.0.2.7:80\n192.0.2.7:161/udp\n"},
		{host("192.0.2.8"), ""},
		{host("192.0.2.9", snmp), "192.0.2.9:161/udp\n"},
		{host("", web), ""},
	} {
		if got := written(t, c.host); got != c.want {
			t.Errorf("Write(%v) = %q; want %q", c.host.Addr, got, c.want)
		}
	}
}

// TestStreams: a host is written before the next one is asked for.
func TestStreams(t *testing.T) {
	var out bytes.Buffer
	n := 0
	err := Format.Write(t.Context(), &out, formattest.Scan(), func(yield func(format.Host, error) bool) {
		for h, err := range formattest.Many(3, 2) {
			if n > 0 && strings.Count(out.String(), "10.0.0.") < n {
				t.Errorf("after %d hosts only %q is written", n, out.String())
			}
			n++
			if !yield(h, err) {
				return
			}
		}
	})
	if err != nil || n != 3 {
		t.Errorf("Write = %v after %d hosts", err, n)
	}
}

func TestFails(t *testing.T) {
	boom := errors.New("boom")
	broken := func(yield func(format.Host, error) bool) { yield(format.Host{}, boom) }
	if err := Format.Write(t.Context(), io.Discard, format.Scan{}, broken); !errors.Is(err, boom) {
		t.Errorf("Write of broken rows = %v; want their error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Format.Write(ctx, io.Discard, format.Scan{}, formattest.Each(formattest.Hosts())); !errors.Is(err, context.Canceled) {
		t.Errorf("Write after cancel = %v", err)
	}
	if err := Format.Write(t.Context(), full{}, format.Scan{}, formattest.Each(formattest.Hosts())); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Write to a full disk = %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
