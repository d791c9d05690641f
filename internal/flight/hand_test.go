package flight

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/netio"
)

// What is in hand is told of while the section has no end, once, and not any
// more when it has one.
func TestHand(t *testing.T) {
	dir := t.TempDir()
	r, err := OpenFolder(dir, 0, quiet).Begin(Scan{Scan: 12, Engine: "e"})
	if err != nil {
		t.Fatal(err)
	}
	hand := map[string]netio.Flight{}
	r.Watch(func(tell func(netip.Addr, netio.Flight)) {
		for a, f := range hand {
			tell(addr(a), f)
		}
	})
	look := func(of string, syn, pings uint64, inHand bool) {
		t.Helper()
		answers, records, err := Search(dir, addr(of))
		if err != nil || len(answers) != 1 || records.Files != 1 {
			t.Fatalf("Search of %s = %+v, %+v, %v; want one answer", of, answers, records, err)
		}
		got := Sum(answers[0].Sent)
		if got["tcp syn"] != syn || got["icmp echo"] != pings || answers[0].InHand.IsZero() == inHand {
			t.Errorf("Search of %s = %+v; want %d SYNs and %d echoes, in hand: %v", of, answers[0], syn, pings, inHand)
		}
	}
	look("10.0.0.1", 0, 0, false)
	hand["10.0.0.1"], hand["10.0.0.2"], hand["10.0.0.3"] = sent(4, 2, 0, 1), sent(4, 2, 0, 1), sent(300, 0, 0, 1)
	r.tick()
	look("10.0.0.2", 4, 2, true)
	look("10.0.0.3", 300, 0, true)
	look("10.0.0.4", 0, 0, false)
	// One is done, and written before the next second.
	delete(hand, "10.0.0.3")
	r.Sent(addr("10.0.0.3"), sent(1000, 0, 0, 2))
	r.Flush()
	look("10.0.0.3", 1000, 0, false)
	// It was in hand before: that adds up.
	hand["10.0.0.3"] = sent(5, 0, 9, 10)
	r.tick()
	look("10.0.0.3", 1005, 0, true)
	clear(hand)
	r.Sent(addr("10.0.0.3"), sent(6, 0, 9, 11))
	r.tick()
	look("10.0.0.3", 1006, 0, false)
	look("10.0.0.1", 0, 0, false)
	r.Close(0)
	if left, err := filepath.Glob(filepath.Join(dir, "*"+handName+"*")); err != nil || len(left) > 0 {
		t.Errorf("left beside a whole record: %v, %v; want nothing", left, err)
	}
	look("10.0.0.3", 1006, 0, false)
}

// A file that a killed process left is no part of the next record at its path,
// and what is torn in it is left out.
func TestHandLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	f, err := OpenFile(path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Begin(Scan{Engine: "e"})
	if err != nil {
		t.Fatal(err)
	}
	whole := `{"hand":{"at":"2026-11-22T05:00:02Z"}}` + "\n" + `{"sent":{"addr":"10.0.0.1","from":"2026-11-22T05:00:00Z","to":"2026-11-22T05:00:01Z","packets":{"tcp syn":7}}}` + "\n"
	if err := os.WriteFile(path+handName, []byte(whole+`{"sent":{"addr":"10.0.0.1","last":"9.0.0.1"}}`+"\n{\"sen"), 0o600); err != nil {
		t.Fatal(err)
	}
	answers, _, err := Search(path, addr("10.0.0.1"))
	if err != nil || len(answers) != 1 || Sum(answers[0].Sent)["tcp syn"] != 7 || !answers[0].InHand.Equal(began.Add(2*time.Second)) {
		t.Errorf("Search = %+v, %v; want 7 SYNs that were sent in hand", answers, err)
	}
	r.Close(0)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenFile(path, quiet); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := os.Stat(path + handName); !os.IsNotExist(err) {
		t.Errorf("Stat of what was left = %v; want it gone", err)
	}
}
