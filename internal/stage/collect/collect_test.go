package collect_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/stage/collect"
)

func tcp(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }

func udp(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.UDP, Port: port} }

func TestBook(t *testing.T) {
	b := collect.New(harrier.NewIDs([]harrier.VulnID{1, 2, 3}))
	b.Ports(harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: 100}}, UDP: []harrier.PortRange{{First: 53, Last: 53}}}, []harrier.PortRange{{First: 68, Last: 69}})
	b.Open(tcp(80), false)
	b.Open(tcp(22), false)
	b.Open(tcp(22), true)
	b.Add(harrier.Done{Check: 1, Endpoint: tcp(22), Outcome: harrier.Vulnerable})
	b.Add(harrier.Done{Check: 2, Endpoint: tcp(22), Outcome: harrier.Clean})
	b.Add(harrier.Done{Check: 9, Endpoint: tcp(22), Outcome: harrier.Vulnerable}) // nobody planned it
	c, err := b.Close("")
	if err != nil {
		t.Fatal(err)
	}
	if want := (harrier.Totals{Planned: 3, Clean: 2, Vulnerable: 1}); c.Totals() != want || !c.Complete || !c.Alive {
		t.Errorf("coverage %+v with totals %+v; want %+v, complete", c, c.Totals(), want)
	}
	for at, want := range map[harrier.Endpoint]harrier.Outcome{tcp(22): harrier.Clean, tcp(80): harrier.Failed, tcp(23): harrier.Clean, tcp(101): harrier.Skipped, {}: harrier.Clean, udp(53): harrier.Clean, udp(69): harrier.Skipped, udp(70): harrier.Skipped} {
		if got, reason := c.Outcome(2, at); got != want {
			t.Errorf("Outcome(2, %v) = %v (%s); want %v", at, got, reason, want)
		}
	}
	if _, reason := c.Outcome(2, udp(69)); reason != "port open or filtered: it did not answer" {
		t.Errorf("Outcome of a silent UDP port is told by %q", reason)
	}
	if c, err := b.Close("scan stopped"); err != nil || c.Complete || c.Totals().Clean != 0 || c.Reason != "scan stopped" {
		t.Errorf("Close of a part = %+v, %v; want nothing clean", c, err)
	}
}

// A check that ran and found nothing is clean even where the service was not
// recognised; the checks that did not run there are not.
func TestBookOfStrangeService(t *testing.T) {
	b := collect.New(harrier.NewIDs([]harrier.VulnID{1, 2}))
	b.Ports(harrier.Ports{TCP: []harrier.PortRange{{First: 443, Last: 443}}}, nil)
	b.Open(tcp(443), false)
	b.Add(harrier.Done{Check: 1, Endpoint: tcp(443), Outcome: harrier.Clean})
	c, err := b.Close("")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[harrier.VulnID]harrier.Outcome{1: harrier.Clean, 2: harrier.Failed} {
		if got, reason := c.Outcome(id, tcp(443)); got != want {
			t.Errorf("Outcome(%d) = %v (%s); want %v", id, got, reason, want)
		}
	}
	if got, want := c.Totals(), (harrier.Totals{Planned: 2, Clean: 2}); got != want {
		t.Errorf("totals = %+v; want %+v", got, want)
	}
}

// Whatever is added, in whatever order, the sums hold.
func TestBookBalances(t *testing.T) {
	for round := range 50 {
		random := rand.New(rand.NewPCG(1, uint64(round)))
		b := collect.New(harrier.NewIDs([]harrier.VulnID{1, 2, 3, 4, 5}))
		var adding sync.WaitGroup
		for range random.IntN(40) {
			d := harrier.Done{Check: harrier.VulnID(random.IntN(8)), Endpoint: tcp(uint16(random.IntN(4))), Outcome: harrier.Outcome(random.IntN(4))}
			adding.Go(func() { b.Add(d) })
		}
		adding.Wait()
		reason := []string{"", "scan stopped"}[round%2]
		if c, err := b.Close(reason); err != nil || !c.Totals().Balanced() {
			t.Fatalf("round %d: Close = %+v, %v; want a balance", round, c, err)
		}
	}
}
