package content

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSorter holds what goes by files to what goes by memory alone.
func TestSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	folder := t.TempDir()
	small, big := sorter{folder: folder, limit: 2000}, sorter{folder: folder, limit: 1 << 30}
	defer small.close()
	for n := range int32(500) {
		e := entry{fmt.Sprint("key", r.IntN(90)), n, []byte(fmt.Sprint("body ", n))}
		for _, s := range []*sorter{&small, &big} {
			if err := s.add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(small.files) < 5 || len(big.files) > 0 {
		t.Fatalf("%d and %d files", len(small.files), len(big.files))
	}
	read := func(s *sorter) []string {
		var out []string
		if err := s.each(func(key string, list []entry) error {
			for _, e := range list {
				out = append(out, fmt.Sprint(key, " ", e.record, " ", string(e.body)))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := read(&big)
	if diff := cmp.Diff(want, read(&small)); diff != "" || len(want) != 500 {
		t.Errorf("by files (-want +got):\n%s", diff)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
