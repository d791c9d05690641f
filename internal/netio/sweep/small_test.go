package sweep

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// What little there is to ask teaches the loss of the way late, some of it only
// when the last questions are out: a port is not taken for silent before.
func TestFewQuestionsAndLoss(t *testing.T) {
	const rounds, hosts, n = 2000, 8, 100
	missed := 0
	for seed := range uint64(rounds) {
		w := newWorld(t)
		w.rng = rand.New(rand.NewPCG(seed, 7))
		w.loss = 0.01
		w.machine = func(netip.Addr) *machine { return &machine{open: map[uint16]bool{22: true}} }
		all := askAll(w, hosts, ports(n))
		w.run(5 * time.Minute)
		got, _ := scores(all)
		missed += got[Silent] + got[Local]
	}
	if missed > 40 { // three losses in a row explain 13
		t.Errorf("%d of %d questions stayed without an answer, to hosts that answer each", missed, rounds*hosts*n)
	}
}
