package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
)

// world is a made-up estate: its plugins have texts as long as real ones, and
// are met by a steep curve.
type world struct {
	options
	catalog []harrier.Vulnerability
}

var (
	week  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ports = []uint16{0, 22, 80, 443, 445, 3389, 8080, 8443}
)

func newWorld(o options) *world {
	w := &world{options: o}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range o.plugins {
		id := harrier.VulnID(200_000 + i)
		w.catalog = append(w.catalog, harrier.Vulnerability{
			ID: id, Slug: fmt.Sprintf("plugin-%d", id), UUID: harrier.NamedUUID(fmt.Sprintf("plugin-%d", id)),
			Name:   fmt.Sprintf("vendor%d product%d < %d.%d multiple vulnerabilities", i%300, i%1700, i%20, i%10),
			Family: fmt.Sprintf("Family %d", i%60), Severity: harrier.Severity(r.IntN(harrier.Severities)), CVSS3Score: float64(r.IntN(100)) / 10,
			CVSS3Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
			CVEs:        []string{fmt.Sprintf("CVE-%d-%d", 2005+i%20, 1000+i), fmt.Sprintf("CVE-%d-%d", 2005+i%20, 2000+i)},
			Synopsis:    "The remote service is affected by several flaws.",
			Description: strings.Repeat(fmt.Sprintf("According to its banner, the version of product%d that runs there is prior to the one that mends this. ", i), 2),
			Solution:    fmt.Sprintf("Upgrade to version %d.%d or later.", i%20, i%10),
			References:  []string{fmt.Sprintf("https://vendor%d.example/advisories/%d", i%300, i)},
			Added:       week.AddDate(-1, 0, -i%900), Modified: week.AddDate(0, 0, -i%300),
		})
	}
	return w
}

func (w *world) lookup(id harrier.VulnID) (harrier.Vulnerability, bool) {
	if i := int(id) - 200_000; i >= 0 && i < len(w.catalog) {
		return w.catalog[i], true
	}
	return harrier.Vulnerability{}, false
}

// estate yields n hosts from the host first on, as a scan saw them at a time.
func (w *world) estate(first, n int, at time.Time) iter.Seq2[format.Host, error] {
	return func(yield func(format.Host, error) bool) {
		for i := first; i < first+n; i++ {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			begin := at.Add(time.Hour * time.Duration(i-first) / time.Duration(n)).Truncate(time.Second)
			h := format.Host{ScanHost: harrier.ScanHost{Index: i - first + 1, Done: true, Host: harrier.Host{
				Name: addr.String(), Addr: addr, Alive: true, FQDN: fmt.Sprintf("host%d.corp%d.example", i, i%40),
				OS: "Debian GNU/Linux 12", OSConfidence: 95, OSMethod: "SSH", Started: begin, Ended: begin.Add(time.Minute),
			}}}
			for j := range w.results {
				p := w.catalog[int(math.Pow(r.Float64(), 3)*float64(len(w.catalog)))]
				h.Results = append(h.Results, format.Result{Severity: p.Severity, Observation: harrier.Observation{
					Vulnerability: p.ID, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: ports[j%len(ports)]}, Service: "www",
					Evidence: fmt.Sprintf("\n  Path              : /usr/lib/product%d\n  Installed version : %d.%d.%d\n  Fixed version     : %d.0\n", p.ID, j, i%97, r.IntN(9999), j+1),
				}})
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}

func (w *world) head(at time.Time) format.Scan {
	return format.Scan{
		Scan:          harrier.Scan{Name: "bench", Targets: "10.0.0.0/8", Started: at, Ended: at.Add(time.Hour), PolicyName: "bench"},
		Vulnerability: w.lookup, Version: "0.0.0",
	}
}

// file is a .nessus file.
type file struct {
	path           string
	bytes, results int64
	at             time.Time
}

// file writes hosts into a file, unless it is there.
func (w *world) file(ctx context.Context, path string, first, n int, at time.Time) (file, error) {
	f, err := os.Create(path)
	if err != nil {
		return file{}, err
	}
	err = nessusfile.Format.Write(ctx, f, w.head(at), w.estate(first, n, at))
	if end := f.Close(); err == nil {
		err = end
	}
	if err != nil {
		return file{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	return file{path, info.Size(), int64(n * w.results), at}, nil
}

// alone measures the codec by itself.
func (w *world) alone(ctx context.Context, f file) error {
	fmt.Printf("%d hosts, %d results, %d MB, %d bytes a result\n", w.hosts, f.results, f.bytes/1e6, f.bytes/f.results)
	hosts := make([]format.Host, 0, w.hosts)
	for h := range w.estate(0, min(w.hosts, 1000), f.at) { // making them up is not measured
		hosts = append(hosts, h)
	}
	err := step("file", "write", func() (int64, int64, error) {
		n := new(counter)
		err := nessusfile.Format.Write(ctx, n, w.head(f.at), func(yield func(format.Host, error) bool) {
			for i := range w.hosts {
				if !yield(hosts[i%len(hosts)], nil) {
					return
				}
			}
		})
		return int64(*n), f.results, err
	})
	if err != nil {
		return err
	}
	return step("file", "read", func() (int64, int64, error) {
		from, err := os.Open(f.path)
		if err != nil {
			return 0, 0, err
		}
		defer func() { _ = from.Close() }() // it was only read
		var n int64
		err = nessusfile.Read(from, func(nessusfile.Header) error { return nil }, func(h nessusfile.ReadHost) error { n += int64(len(h.Results)); return nil })
		return f.bytes, n, err
	})
}

// counter is a writer that counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

var _ io.Writer = (*counter)(nil)
