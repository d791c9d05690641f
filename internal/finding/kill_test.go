package finding

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// told is a Store that says when a transaction is committed.
type told struct{ *store.DB }

func (s told) InTx(ctx context.Context, do func(ctx context.Context) error) error {
	err := s.DB.InTx(ctx, do)
	fmt.Println("committed")
	return err
}

// killed is the variable that names the database to the process that is killed.
const killed = "HARRIER_TEST_REMATCH"

// learned is what that process learns: one version of each product has something.
func learned() *facts {
	k := &facts{has: map[string][]harrier.VulnID{}}
	for p := range 400 {
		k.has[fmt.Sprintf("p%d 1.1", p)] = []harrier.VulnID{cveA, cveB}
	}
	return k
}

// TestRematchKilled kills a process in the middle of its work, and shows that
// what it leaves is whole, and that the next one ends it.
func TestRematchKilled(t *testing.T) {
	if path := os.Getenv(killed); path != "" {
		db, err := store.Open(t.Context(), path)
		must(t, err)
		defer func() { _ = db.Close() }() // it is killed before that
		r := known(db, learned())
		r.Store, r.newsAtOnce = told{db}, 32
		_, err = r.Rematch(t.Context(), nil)
		must(t, err)
		return
	}
	hosts := harrier.ID(1200)
	if raced {
		hosts = 400
	}
	path := filepath.Join(t.TempDir(), "harrier.db")
	db, err := store.Open(t.Context(), path)
	must(t, err)
	fill(t, db, known(db, &facts{}), int(hosts))
	must(t, db.Close())
	open := func() int {
		counts, err := db.CountFindings(t.Context(), nil)
		must(t, err)
		n := 0
		for _, c := range counts {
			n += c
		}
		return n
	}
	last := 0
	for commits := 2; commits <= 4; commits++ {
		work := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRematchKilled$")
		work.Env = append(os.Environ(), killed+"="+path)
		out, err := work.StdoutPipe()
		must(t, err)
		must(t, work.Start())
		lines := bufio.NewScanner(out)
		for n := 0; n < commits && lines.Scan(); n++ {
		}
		must(t, work.Process.Kill())
		_ = work.Wait() // it was killed
		db, err = store.Open(t.Context(), path)
		must(t, err)
		now := open()
		t.Logf("killed after %d commits: %d findings", commits, now)
		if now < last || now == 0 {
			t.Errorf("%d findings after %d before; want more", now, last)
		}
		last = now
		must(t, db.Close())
	}
	db, err = store.Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	r := known(db, learned())
	sum, err := r.Rematch(t.Context(), nil)
	must(t, err)
	want := 0 // by what the assets have
	for id := harrier.ID(1); id <= hosts; id++ {
		list, err := db.ThingsOf(t.Context(), id)
		must(t, err)
		for _, p := range list {
			want += len(learned().has[p.Subject])
		}
	}
	if got := open(); got != want || sum.Opened == 0 || sum.Opened == want {
		t.Errorf("%d findings, %d of them opened at last; want %d", got, sum.Opened, want)
	}
	if sum, err := r.Rematch(t.Context(), nil); err != nil || sum.Changed != 0 || sum.Opened != 0 {
		t.Errorf("once more: %+v, %v; want nothing", sum, err)
	}
}
