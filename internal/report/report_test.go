package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	ann = harrier.Actor{User: 1, Permissions: harrier.Analyst.Permissions()}
	bob = harrier.Actor{User: 2, Permissions: harrier.Analyst.Permissions()}
)

// scans is a room with one scan of two hosts.
type scans struct{}

func (scans) Scan(_ context.Context, _ harrier.Actor, id harrier.ID) (harrier.Scan, error) {
	if id != 1 {
		return harrier.Scan{}, harrier.Errorf(harrier.NotFound, "no scan %d", id)
	}
	return harrier.Scan{ID: 1, Name: "../a scan\"", Status: harrier.ScanCompleted}, nil
}

func (scans) Of(_ context.Context, _ harrier.Actor, site harrier.ID) ([]harrier.Scan, error) {
	if site != 1 {
		return nil, harrier.Errorf(harrier.NotFound, "no site %d", site)
	}
	return []harrier.Scan{{ID: 1, Site: 1, Status: harrier.ScanCompleted, Ended: time.Now()}}, nil
}

func (s scans) Latest(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Scan, error) {
	list, err := s.Of(ctx, by, 1)
	return map[harrier.ID]harrier.Scan{1: list[0]}, err
}

func (scans) Covering(context.Context, harrier.Actor, harrier.ID) (harrier.Scan, func(context.Context, harrier.ID) (*harrier.Coverage, error), error) {
	return harrier.Scan{}, nil, harrier.Errorf(harrier.NotFound, "no coverage")
}

func (scans) Dead(context.Context, harrier.Actor, harrier.ID) ([]harrier.Span, error) {
	return nil, nil
}

func (scans) Results(context.Context, harrier.Actor, harrier.ID) iter.Seq2[scan.HostResult, error] {
	return func(yield func(scan.HostResult, error) bool) {
		for n, ports := range [][]uint16{{80, 443}, {22}} {
			a := netip.AddrFrom4([4]byte{192, 0, 2, byte(n + 1)})
			h := scan.HostResult{ScanHost: harrier.ScanHost{Index: n + 1, Host: harrier.Host{Name: a.String(), Addr: a, Alive: true}}}
			for _, p := range ports {
				h.Observations = append(h.Observations, scan.Judged{
					Observation: harrier.Observation{Vulnerability: 100, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: p}}, Severity: harrier.High,
				})
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}

type vulns struct{}

func (vulns) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	return harrier.Vulnerability{ID: id, Name: "Name", Family: "General"}, nil
}
func (vulns) Families(context.Context) []harrier.Family { return nil }

// lines writes one line per result; gate, unless nil, is waited for first.
func lines(gate <-chan struct{}) format.Format {
	return format.Format{Name: "lines", Extension: "txt", Write: func(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
		if s.Options["fail"] != "" {
			_, _ = io.WriteString(w, "half of it")
			return harrier.Errorf(harrier.Invalid, "it can not be written")
		}
		if s.Options["panic"] != "" {
			panic("oh")
		}
		if gate != nil {
			select {
			case <-gate:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for h, err := range hosts {
			if err != nil {
				return err
			}
			for _, r := range h.Results {
				if _, err := fmt.Fprintf(w, "%s %s\n", h.Name, r.Endpoint); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func build(t *testing.T, db *store.DB, dir string, gate <-chan struct{}, now func() time.Time) *Room {
	t.Helper()
	r, err := New(Config{
		Store: db, Scans: scans{}, Vulns: vulns{}, Formats: []format.Format{lines(gate)}, Dir: dir, Now: now,
		Patience: 2 * time.Second, MaxUpload: 10,
	})
	must(t, err)
	return r
}

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, r *Room) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run = %v; want nil", err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

func read(t *testing.T, r *Room, rep harrier.Report) string {
	t.Helper()
	f, size, err := r.Open(t.Context(), rep)
	must(t, err)
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(f)
	must(t, err)
	if int64(len(b)) != size {
		t.Errorf("size = %d; want %d", size, len(b))
	}
	return string(b)
}

const all = "192.0.2.1 80/tcp\n192.0.2.1 443/tcp\n192.0.2.2 22/tcp\n"

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	r := build(t, open(t), dir, nil, nil)
	defer run(t, r)()
	rep, err := r.Create(t.Context(), ann, 1, "LINES", map[string]string{"a": "b"}, nil)
	must(t, err)
	if len(rep.Token) != 64 || strings.ContainsAny(rep.Name, `/"\ `) || !strings.HasSuffix(rep.Name, ".txt") {
		t.Errorf("report %+v; want a token of 64 digits and a safe name", rep)
	}
	if got := read(t, r, rep); got != all { // waits by itself
		t.Errorf("file = %q; want %q", got, all)
	}
	stored, err := r.ByToken(t.Context(), rep.Token)
	must(t, err)
	if stored.Status != harrier.ReportReady || stored.ID != rep.ID {
		t.Errorf("by token: %+v; want report %d, ready", stored, rep.ID)
	}
	info, err := os.Stat(filepath.Join(dir, stored.Path))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v; want 0600", info.Mode())
	}
	if _, err := r.Report(t.Context(), bob, rep.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Report of a stranger = %v; want NotFound", err)
	}
	if _, err := r.Create(t.Context(), ann, 1, "pdf", nil, nil); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("unknown format = %v; want Invalid", err)
	}
	if _, err := r.Create(t.Context(), ann, 2, "lines", nil, nil); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("unknown scan = %v; want NotFound", err)
	}
}

func TestFilter(t *testing.T) {
	r := build(t, open(t), t.TempDir(), nil, nil)
	defer run(t, r)()
	for want, e := range map[string]harrier.Expr{
		"192.0.2.1 443/tcp\n":                  harrier.Cmp{Field: "port", Op: harrier.Gt, Values: []any{int64(80)}},
		"192.0.2.2 22/tcp\n":                   harrier.Cmp{Field: "hostname", Op: harrier.Eq, Values: []any{"192.0.2.2"}},
		"":                                     harrier.Cmp{Field: "severity", Op: harrier.Eq, Values: []any{int64(harrier.Low)}},
		all:                                    harrier.Cmp{Field: "plugin_id", Op: harrier.Eq, Values: []any{int64(100)}},
		"192.0.2.1 80/tcp\n192.0.2.2 22/tcp\n": harrier.Not{Of: harrier.Cmp{Field: "port", Op: harrier.Eq, Values: []any{int64(443)}}},
	} {
		rep, err := r.Create(t.Context(), ann, 1, "lines", nil, e)
		must(t, err)
		if got := read(t, r, rep); got != want {
			t.Errorf("filter %+v = %q; want %q", e, got, want)
		}
	}
}

// TestFailed shows that a report that can not be made leaves no file and stops
// no other.
func TestFailed(t *testing.T) {
	dir := t.TempDir()
	r := build(t, open(t), dir, nil, nil)
	defer run(t, r)()
	for _, how := range []string{"fail", "panic"} {
		rep, err := r.Create(t.Context(), ann, 1, "lines", map[string]string{how: "yes"}, nil)
		must(t, err)
		if _, _, err := r.Open(t.Context(), rep); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("%s: Open = %v; want Conflict", how, err)
		}
		rep, err = r.Report(t.Context(), ann, rep.ID)
		must(t, err)
		if rep.Status != harrier.ReportFailed || rep.Error == "" {
			t.Errorf("%s: %+v; want failed, with a reason", how, rep)
		}
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 0 {
		t.Errorf("left %v; want no files", entries)
	}
}

// TestRestart ends the console while reports are made.
func TestRestart(t *testing.T) {
	db, dir := open(t), t.TempDir()
	r := build(t, db, dir, make(chan struct{}), nil)
	stop := run(t, r)
	plain, err := r.Create(t.Context(), ann, 1, "lines", nil, nil)
	must(t, err)
	filtered, err := r.Create(t.Context(), ann, 1, "lines", nil, harrier.Cmp{Field: "port", Op: harrier.Eq, Values: []any{int64(22)}})
	must(t, err)
	if _, _, err := r.Open(t.Context(), plain); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Open of a slow report = %v; want Unavailable", err)
	}
	stop()
	r = build(t, db, dir, nil, nil)
	defer run(t, r)()
	for !r.status(t, filtered.ID).Ended() || !r.status(t, plain.ID).Ended() {
		time.Sleep(10 * time.Millisecond)
	}
	if got := read(t, r, plain); got != all {
		t.Errorf("made again = %q; want %q", got, all)
	}
	if got, want := read(t, r, filtered), "192.0.2.2 22/tcp\n"; got != want {
		t.Errorf("made again with its filter = %q; want %q", got, want)
	}
}

func (r *Room) status(t *testing.T, id harrier.ID) harrier.ReportStatus {
	t.Helper()
	rep, err := r.Store.Report(t.Context(), id)
	must(t, err)
	return rep.Status
}

func TestSweep(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	dir := t.TempDir()
	r := build(t, open(t), dir, nil, clock)
	defer run(t, r)()
	rep, err := r.Create(t.Context(), ann, 1, "lines", nil, nil)
	must(t, err)
	_ = read(t, r, rep)
	_, err = r.Upload(t.Context(), ann, "a.txt", strings.NewReader("a"))
	must(t, err)
	mu.Lock()
	now = now.Add(23 * time.Hour)
	mu.Unlock()
	must(t, r.sweep(t.Context()))
	_ = read(t, r, rep)
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	must(t, r.sweep(t.Context()))
	if _, _, err := r.Open(t.Context(), rep); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Open of an old report = %v; want NotFound", err)
	}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s is still there", path)
		}
		return err
	}))
}

func TestUpload(t *testing.T) {
	r := build(t, open(t), t.TempDir(), nil, nil)
	for _, tt := range []struct {
		name, want string
		kind       harrier.Kind
	}{
		{"hosts.txt", "hosts.txt", 0},
		{"hosts.txt", "hosts-1.txt", 0},
		{"hosts.txt", "hosts-2.txt", 0},
		{"../../etc/passwd", "passwd", 0},
		{`C:\scans\lan.nessus`, "lan.nessus", 0},
		{"..", "", harrier.Invalid},
		{".hidden", "", harrier.Invalid},
		{"", "", harrier.Invalid},
		{"a\x00b", "", harrier.Invalid},
		{"a\nb", "", harrier.Invalid},
		{strings.Repeat("x", 300), "", harrier.Invalid},
	} {
		got, err := r.Upload(t.Context(), ann, tt.name, strings.NewReader("content"))
		if got != tt.want || (err != nil) != (tt.kind != 0) || err != nil && harrier.KindOf(err) != tt.kind {
			t.Errorf("Upload(%q) = %q, %v; want %q, %v", tt.name, got, err, tt.want, tt.kind)
		}
	}
	f, err := r.OpenUpload(t.Context(), ann, "hosts-1.txt")
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, err)
	must(t, f.Close())
	if string(b) != "content" {
		t.Errorf("content = %q", b)
	}
	for _, name := range []string{"hosts-9.txt", "../1/hosts.txt", "", ".."} {
		if _, err := r.OpenUpload(t.Context(), ann, name); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("OpenUpload(%q) = %v; want NotFound", name, err)
		}
	}
	if _, err := r.OpenUpload(t.Context(), bob, "hosts.txt"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("somebody else's file = %v; want NotFound", err)
	}
	if _, err := r.Upload(t.Context(), ann, "big", strings.NewReader("12345678901")); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("11 bytes = %v; want Invalid", err)
	}
	if _, err := r.Upload(t.Context(), harrier.Actor{User: 3, Permissions: harrier.Viewer.Permissions()}, "x", strings.NewReader("x")); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a viewer's upload = %v; want Forbidden", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Upload(ctx, ann, "gone", strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled upload = %v; want Canceled", err)
	}
}

func FuzzSafeName(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Add(`..\x`)
	f.Fuzz(func(t *testing.T, name string) {
		safe, err := safeName(name)
		if err == nil && (safe != filepath.Base(safe) || strings.HasPrefix(safe, ".") || strings.ContainsAny(safe, "/\\\x00\r\n")) {
			t.Errorf("safeName(%q) = %q", name, safe)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
