// Package list writes the open ports of a scan, one on a line and nothing else:
// for pipes, and for comparing scans.
//
//	192.0.2.1:22
//	192.0.2.1:161/udp
//	[2001:db8::1]:443
//
// Hosts stand in the order of the scan, a host's ports in the order of
// harrier.Endpoint.Compare, each once.
package list

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the list format. It has no options.
var Format = format.Format{Name: "list", Title: "List of open ports", Extension: "txt", MIME: "text/plain; charset=utf-8", Write: write}

func write(ctx context.Context, w io.Writer, _ format.Scan, hosts iter.Seq2[format.Host, error]) error {
	out := bufio.NewWriter(w)
	for h, err := range hosts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		for _, e := range open(h) {
			if err := endpoint(out, h.Addr, e); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil { // who reads a pipe sees each host at once
			return err
		}
	}
	return nil
}

// Host writes the open ports of one host, for who learns of hosts one by one.
func Host(w io.Writer, addr netip.Addr, open []harrier.Open) error {
	for _, o := range open {
		if err := endpoint(w, addr, o.Endpoint); err != nil {
			return err
		}
	}
	return nil
}

func endpoint(w io.Writer, addr netip.Addr, e harrier.Endpoint) error {
	line := netip.AddrPortFrom(addr, e.Port).AppendTo(make([]byte, 0, 64))
	if e.Protocol != harrier.TCP {
		line = append(append(line, '/'), e.Protocol...)
	}
	_, err := w.Write(append(line, '\n'))
	return err
}

// open are the endpoints of a host's services: none without an address.
func open(h format.Host) []harrier.Endpoint {
	if !h.Addr.IsValid() {
		return nil
	}
	var out []harrier.Endpoint
	for _, s := range format.OpenServices(h) {
		out = append(out, s.Endpoint)
	}
	slices.SortFunc(out, harrier.Endpoint.Compare)
	return slices.Compact(out)
}
