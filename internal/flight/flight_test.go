package flight

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	quiet = slog.New(slog.DiscardHandler)
	began = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
)

// memory is a file in memory that takes room bytes; 0 means any number.
type memory struct {
	mu   sync.Mutex
	b    bytes.Buffer
	room int
}

var errFull = errors.New("no space left on device")

func (m *memory) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room > 0 && m.b.Len()+len(b) > m.room {
		n := m.room - m.b.Len()
		m.b.Write(b[:n])
		return n, errFull
	}
	return m.b.Write(b)
}

func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.b.String()
}

func (m *memory) Sync() error  { return nil }
func (m *memory) Close() error { return nil }

func (m *memory) begin() *Record {
	return start(m, "memory", Scan{Scan: 12, Began: began}, quiet, func() {})
}

func (m *memory) read(addr string) []*Section {
	a, _ := netip.ParseAddr(addr) // "" is for all
	return Read(strings.NewReader(m.text()), a)
}

// sent is syn SYNs and pings echo requests, from one second to another.
func sent(syn, pings uint32, from, to int) netio.Flight {
	f := netio.Flight{First: began.Add(time.Duration(from) * time.Second), Last: began.Add(time.Duration(to) * time.Second)}
	f.Counts[netio.SYN], f.Counts[netio.Echo] = syn, pings
	return f
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestRecord(t *testing.T) {
	var m memory
	r := m.begin()
	targets, err := harrier.ParseTargets("10.0.0.0/24,fe80::1%eth0")
	if err != nil {
		t.Fatal(err)
	}
	r.Batch(Batch{Batch: 3, Attempt: 1, Began: began, Targets: targets})
	// Out of order, as hosts end; .4 is lively, .7 late, .255 at the end of a net.
	for _, last := range []string{"10.0.0.3", "10.0.0.1", "10.0.0.255", "10.0.0.2", "10.0.0.5", "10.0.0.6", "10.0.1.0"} {
		r.Sent(addr(last), sent(4, 2, 1, 2))
	}
	r.Sent(addr("10.0.0.4"), sent(1000, 2, 0, 50))
	r.Sent(addr("10.0.0.7"), sent(4, 2, 90, 91))
	r.Sent(addr("fe80::1%eth0"), sent(1, 0, 3, 3))
	r.Close(7)
	sections := m.read("")
	if len(sections) != 1 || sections[0].Missing() != "" {
		t.Fatalf("Read = %+v; want one whole section", sections)
	}
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	dead := Packets{"tcp syn": 4, "icmp echo": 2}
	want := []Sent{
		{addr("10.0.0.1"), addr("10.0.0.3"), at(1), at(2), dead},
		{addr("10.0.0.4"), netip.Addr{}, at(0), at(50), Packets{"tcp syn": 1000, "icmp echo": 2}},
		{addr("10.0.0.5"), addr("10.0.0.6"), at(1), at(2), dead},
		{addr("10.0.0.7"), netip.Addr{}, at(90), at(91), dead},
		{addr("10.0.0.255"), addr("10.0.1.0"), at(1), at(2), dead},
		{addr("fe80::1%eth0"), netip.Addr{}, at(3), at(3), Packets{"tcp syn": 1}},
	}
	opt := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(want, sections[0].Sent, opt); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	end := sections[0].End
	if want := (Packets{"tcp syn": 1033, "icmp echo": 18}); end.Refused != 7 || end.Addresses != 10 || !cmp.Equal(end.Packets, want) {
		t.Errorf("end = %+v; want 10 addresses, %v and 7 refused", end, want)
	}
	for of, want := range map[string]int{"10.0.0.2": 1, "10.0.0.6": 1, "10.0.0.8": 0, "10.0.0.0": 0, "fe80::1%eth0": 1, "fe80::1": 1, "fe80::1%eth1": 0, "::a00:1": 0} {
		if got := len(m.read(of)[0].Sent); got != want {
			t.Errorf("Read of %s found %d entries; want %d", of, got, want)
		}
	}
}

// What was noted is written within a second, so that a killed engine loses no
// more than that; and what is left then does not look whole.
func TestCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		r := m.begin()
		r.Batch(Batch{Batch: 1})
		r.Sent(addr("10.0.0.1"), sent(4, 0, 0, 0))
		time.Sleep(flushEvery + time.Millisecond)
		synctest.Wait()
		left := m.text()
		r.Close(0)
		for cut := range len(left) {
			sections := Read(strings.NewReader(left[:cut]), netip.Addr{})
			if len(sections) > 0 && sections[0].Missing() == "" {
				t.Fatalf("Read of the first %d bytes finds a whole section", cut)
			}
		}
		s := Read(strings.NewReader(left), addr("10.0.0.1"))
		if len(s) != 1 || s[0].Missing() == "" || len(s[0].Sent) != 1 || len(s[0].Batches) != 1 {
			t.Errorf("Read of what is on the disk after a second = %+v; want one entry in a section without end", s)
		}
		if whole := m.read("10.0.0.1"); whole[0].Missing() != "" {
			t.Errorf("the section lacks %q; want nothing", whole[0].Missing())
		}
	})
}

// A full disk: the scan goes on, one line in the log says so, and when there is
// room again the rest is written and the end says that something is missing.
func TestDiskFull(t *testing.T) {
	var log bytes.Buffer
	m := memory{room: 700}
	r := start(&m, "memory", Scan{Scan: 12}, slog.New(slog.NewTextHandler(&log, nil)), func() {})
	note := func(from, to int) {
		for i := from; i < to; i++ {
			r.Sent(netip.AddrFrom4([4]byte{10, 0, 0, byte(2 * i)}), sent(uint32(i), 0, 0, 0))
		}
		r.Flush()
	}
	note(1, 50)
	note(50, 60)
	m.mu.Lock()
	m.room = 0
	m.mu.Unlock()
	note(60, 61)
	r.Close(0)
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), errFull.Error()) {
		t.Errorf("log = %s; want one line about the disk", log.String())
	}
	s := m.read("10.0.0.120")
	if len(s) != 1 || s[0].End == nil || s[0].End.Incomplete != errFull.Error() || len(s[0].Sent) != 1 || s[0].End.Addresses != 60 {
		t.Errorf("Read = %+v; want an incomplete end, and the entry after the fault", s)
	}
	if m.read("10.0.0.100")[0].Missing() == "" {
		t.Error("an address that could not be written down looks as if nothing was sent to it")
	}
}

// Nobody waits for a disk that takes nothing, and memory stays bounded.
func TestStuckDisk(t *testing.T) {
	var m memory
	r := m.begin()
	r.out.Lock() // as a write that does not return
	for i := range maxPending + 5 {
		r.Sent(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), sent(1, 0, 0, 0))
	}
	r.out.Unlock()
	r.Close(0)
	s := m.read("10.0.0.1")
	if len(s) != 1 || !strings.Contains(s[0].Missing(), "entries came faster") || s[0].End.Packets["tcp syn"] != maxPending+5 {
		t.Errorf("Read = %+v; want the sum of all, and that some are missing", s[0].End)
	}
}

func TestSentAfterClose(t *testing.T) {
	var log bytes.Buffer
	var m memory
	r := start(&m, "memory", Scan{}, slog.New(slog.NewTextHandler(&log, nil)), func() {})
	r.Close(0)
	r.Sent(addr("10.0.0.1"), sent(1, 0, 0, 0))
	if !strings.Contains(log.String(), "10.0.0.1") {
		t.Errorf("log = %q; want the address that came too late", log.String())
	}
}

func TestConcurrent(t *testing.T) {
	var m memory
	r := m.begin()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 3000 {
				r.Sent(netip.AddrFrom4([4]byte{10, 0, byte(j / 250), byte(j % 250)}), sent(1, 0, i, j%7))
			}
			r.Flush()
		})
	}
	all.Wait()
	r.Close(0)
	for _, a := range []string{"10.0.0.0", "10.0.3.249", "10.0.11.17"} {
		s := m.read(a)
		if got := Sum(s[0].Sent)["tcp syn"]; got != 4 || s[0].Missing() != "" {
			t.Errorf("%s was sent %d; want 4 (%s)", a, got, s[0].Missing())
		}
	}
}

// A net of which nobody answers is a few lines, whatever order its hosts end
// in.
func TestSmall(t *testing.T) {
	var m memory
	began := time.Now()
	r := m.begin()
	const hosts, atOnce = 1 << 16, 2048
	for i := range hosts { // each window of hosts ends backwards
		i = i/atOnce*atOnce + atOnce - 1 - i%atOnce
		r.Sent(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), sent(4, 2, i/atOnce, i/atOnce+3))
		if i%atOnce == 0 {
			r.Flush()
		}
	}
	r.Close(0)
	late := int(time.Since(began) / time.Second) // each second ends a line, too
	if n := strings.Count(m.text(), "\n"); n > hosts/atOnce+2+2*late {
		t.Errorf("%d lines for %d dead hosts; want a line for each %d", n, hosts, atOnce)
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "flight")
	f := OpenFolder(dir, 0, quiet)
	id := harrier.NewUUID(began)
	exclude, err := harrier.ParseTargets("10.0.0.9")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := harrier.ParseTargets("10.0.0.0/28")
	if err != nil {
		t.Fatal(err)
	}
	s := Scan{Scan: 12, UUID: id, Engine: "e", Exclude: exclude, Guard: harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("10.0.0.8/32")}}}
	run := func(s Scan, host string) {
		r, err := f.Begin(s)
		if err != nil {
			t.Fatal(err)
		}
		r.Batch(Batch{Batch: 1, Targets: targets})
		r.Sent(addr(host), sent(3, 0, 0, 1))
		r.Close(0)
	}
	run(s, "10.0.0.1")
	run(s, "10.0.0.1") // the same scan, in hand again
	run(Scan{Scan: 13, UUID: harrier.NewUUID(began), Engine: "e"}, "10.0.0.2")
	names, err := records(dir)
	if err != nil || len(names) != 3 || !strings.HasSuffix(names[0], packedName) {
		t.Fatalf("files = %v (%v); want three packed ones", names, err)
	}
	search := func(a string) []Answer {
		answers, of, err := Search(dir, addr(a))
		if err != nil || of.Files != len(names) || len(answers) != 2 {
			t.Fatalf("Search of %s = %+v, %+v, %v; want one answer for each scan", a, answers, of, err)
		}
		return answers
	}
	one := search("10.0.0.1")
	if len(one[0].Files) != 2 || Sum(one[0].Sent)["tcp syn"] != 6 || len(one[1].Sent) != 0 || one[1].Missing != "" || one[1].Target != IsTarget {
		t.Errorf("Search of 10.0.0.1 = %+v; want both parts of scan 12 together, and nothing of scan 13", one)
	}
	if a := search("10.0.0.9")[0]; a.Rule != "it was excluded from the scan" || len(a.Sent) > 0 {
		t.Errorf("Search of an excluded address = %+v", a)
	}
	if a := search("10.0.0.8")[0]; !strings.Contains(a.Rule, "guard rule") {
		t.Errorf("Search of a guarded address = %+v", a)
	}
	if a := search("192.0.2.1")[0]; a.Target != NoTarget || a.Rule != "" || len(a.Sent) > 0 || a.Missing != "" {
		t.Errorf("Search of a foreign address = %+v", a)
	}
	// A part that was cut short takes the proof from the whole scan.
	cut := filepath.Join(dir, "20300101T000000.000000Z-scan12-1"+plainName)
	if err := os.WriteFile(cut, []byte(`{"scan":{"flight":1,"scan":12,"uuid":"`+id.String()+`","engine":"e","began":"2030-01-01T00:00:00Z"}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	names = append(names, cut)
	if a := search("192.0.2.1")[0]; a.Missing == "" || len(a.Files) != 3 {
		t.Errorf("Search with a part that was cut short = %+v; want that it is not complete", a)
	}
	if _, _, err := Search(filepath.Join(dir, "none"), addr("10.0.0.1")); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Search without a folder = %v; want NotFound", err)
	}
}

// While a file is packed there are two, of which one counts.
func TestPackedTwice(t *testing.T) {
	dir := t.TempDir()
	f := OpenFolder(dir, 0, quiet)
	r, err := f.Begin(Scan{})
	if err != nil {
		t.Fatal(err)
	}
	r.Sent(addr("10.0.0.1"), sent(1, 0, 0, 0))
	r.Flush()
	names, _ := records(dir)
	plain := filepath.Join(dir, names[0])
	b, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	r.Close(0)
	if err := os.WriteFile(plain, b, 0o600); err != nil {
		t.Fatal(err)
	}
	answers, _, err := Search(dir, addr("10.0.0.1"))
	if err != nil || len(answers) != 1 || answers[0].Missing != "" || Sum(answers[0].Sent)["tcp syn"] != 1 {
		t.Errorf("Search = %+v, %v; want the packed file alone", answers, err)
	}
}

// The oldest go first, never one that is being written, and never the last.
func TestRetention(t *testing.T) {
	dir := t.TempDir()
	f := OpenFolder(dir, 3000, quiet)
	running, err := f.Begin(Scan{Scan: 1})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := records(dir)
	for i := range 20 {
		name := filepath.Join(dir, fmt.Sprintf("2999010%dT%02d0000.000000Z-scan9-1%s", 1+i/10, i%10, packedName))
		if err := os.WriteFile(name, make([]byte, 500), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := f.Begin(Scan{Scan: 2})
	if err != nil {
		t.Fatal(err)
	}
	names, _ := records(dir)
	sum := int64(0)
	for _, n := range names {
		fi, err := os.Stat(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		sum += fi.Size()
	}
	if len(names) < 6 || len(names) > 8 || names[0] != first[0] || !strings.HasPrefix(names[len(names)-1], "29990102T09") {
		t.Errorf("%d files of %d bytes are left: %v; want the running one and the newest", len(names), sum, names)
	}
	r.Close(0)
	running.Close(0)

	small := OpenFolder(t.TempDir(), 1, quiet)
	for range 3 {
		r, err := small.Begin(Scan{})
		if err != nil {
			t.Fatal(err)
		}
		r.Close(0)
	}
	if names, _ := records(small.dir); len(names) != 1 {
		t.Errorf("%v are left where there is no room; want the last one", names)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	f, err := OpenFile(path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for i := range 2 { // one waits for the other
		both.Go(func() {
			r, err := f.Begin(Scan{UUID: harrier.NewUUID(time.Now())})
			if err != nil {
				t.Error(err)
				return
			}
			r.Sent(addr("10.0.0.1"), sent(uint32(i+1), 0, 0, 0))
			r.Close(0)
		})
	}
	both.Wait()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	answers, _, err := Search(path, addr("10.0.0.1"))
	if err != nil || len(answers) != 2 || len(answers[0].Sent) != 1 || len(answers[1].Sent) != 1 || answers[0].Missing+answers[1].Missing != "" {
		t.Errorf("Search = %+v, %v; want two whole sections", answers, err)
	}
	if _, err := OpenFile(filepath.Join(path, "x"), quiet); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("OpenFile in a file = %v; want Invalid", err)
	}
}

func FuzzRead(f *testing.F) {
	const scan = `{"scan":{"flight":1,"scan":12,"began":"2026-11-22T05:00:00Z","exclude":["10.0.0.9"],"guard":{"never":["10.20.0.0/16"]}}}` + "\n"
	const batch = `{"batch":{"batch":1,"attempt":1,"began":"2026-11-22T05:00:00Z","targets":["10.0.0.0-10.0.0.255","a.example"]}}` + "\n"
	const one = `{"sent":{"addr":"10.0.0.1","last":"10.0.0.3","from":"2026-11-22T05:00:00Z","to":"2026-11-22T05:00:01Z","packets":{"tcp syn":4}}}` + "\n"
	const end = `{"end":{"ended":"2026-11-22T05:00:02Z","addresses":1,"packets":{"tcp syn":4},"refused":0}}` + "\n"
	for _, s := range []string{scan + batch + one + end, scan + batch + one, one + end, scan + "{\n" + end, end, "\x1f\x8b\x08", scan + scan, `{"scan":{"flight":2}}`} {
		f.Add([]byte(s))
	}
	a := addr("10.0.0.2")
	f.Fuzz(func(t *testing.T, b []byte) {
		all := Read(bytes.NewReader(b), netip.Addr{})
		some := Read(bytes.NewReader(b), a)
		if len(all) != len(some) {
			t.Fatalf("%d sections for all addresses, %d for one", len(all), len(some))
		}
		for i, s := range all {
			n := 0
			for _, e := range s.Sent {
				if e.has(a) {
					n++
				}
			}
			if n != len(some[i].Sent) || s.Missing() != some[i].Missing() {
				t.Errorf("section %d for one address = %+v; of all %+v", i, some[i], s)
			}
			if s.Missing() == "" && s.End == nil {
				t.Error("a section without an end is whole")
			}
			_ = merge(nil, s.answer("x", a))
		}
	})
}

// BenchmarkDeadNet notes a /12 of which nobody answers, a window of hosts out
// of order at a time. The figures are bytes before and after packing.
func BenchmarkDeadNet(b *testing.B) {
	const hosts, window = 1 << 20, 2048
	for b.Loop() {
		dir := b.TempDir()
		r, err := OpenFolder(dir, 0, quiet).Begin(Scan{Scan: 12})
		if err != nil {
			b.Fatal(err)
		}
		for i := range hosts {
			i = i/window*window + i*797%window
			r.Sent(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), sent(4, 2, i/20000, i/20000+3))
		}
		r.Flush()
		plain, _ := records(dir)
		whole, err := os.Stat(filepath.Join(dir, plain[0]))
		if err != nil {
			b.Fatal(err)
		}
		r.Close(0)
		packed, err := os.Stat(filepath.Join(dir, plain[0]+".gz"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(whole.Size()), "plain-B")
		b.ReportMetric(float64(packed.Size()), "packed-B")
	}
}
