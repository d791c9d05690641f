package format

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
)

func count(n int, end func()) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer end()
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		yield(n, errors.New("no more"))
	}
}

func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		var got []int
		for v, err := range Ahead(count(5, func() { ended = true }), 2) {
			if got = append(got, v); (err != nil) != (v == 5) {
				t.Errorf("%d with the error %v", v, err)
			}
		}
		if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) || !ended {
			t.Errorf("Ahead = %v, ended %v; want all in order, and the end", got, ended)
		}
	})
}

func TestAheadStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails when a goroutine stays
		ended, made := false, 0
		for v := range Ahead(func(yield func(int, error) bool) {
			defer func() { ended = true }()
			for yield(made, nil) {
				made++
			}
		}, 2) {
			if v == 3 {
				break
			}
		}
		if !ended || made > 7 {
			t.Errorf("ended %v after %d values; want it to end some values ahead", ended, made)
		}
	})
}

func TestAheadPanics(t *testing.T) {
	for _, err := range Ahead(func(func(int, error) bool) { panic("boom") }, 1) {
		if err == nil || err.Error() != "reading ahead: boom" {
			t.Errorf("Ahead = %v; want the panic as an error", err)
		}
		return
	}
	t.Error("Ahead yields nothing; want an error")
}
