package ports

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(false)
		for range 10_000 {
			w.grow()
		}
		if w.size != w.max {
			t.Errorf("window after many answers = %v; want %v", w.size, w.max)
		}
		for range 1000 { // one in a hundred
			for range 99 {
				w.grow()
			}
			time.Sleep(time.Second)
			w.lost()
		}
		if w.size != w.max {
			t.Errorf("window at one loss in a hundred = %v; want %v", w.size, w.max)
		}
		for range 20 {
			w.lost() // one burst
		}
		if w.size != w.max/2 {
			t.Errorf("window after a burst of losses = %v; want %v", w.size, w.max/2)
		}
		for range 20 {
			time.Sleep(time.Second)
			w.lost()
		}
		if w.room() != 8 {
			t.Errorf("window after many losses = %v; want 8", w.size)
		}
		gentle := newWindow(true)
		gentle.grow()
		gentle.silent()
		if gentle.room() != 1 {
			t.Errorf("gentle window = %v; want 1", gentle.size)
		}
	})
}

func TestRTT(t *testing.T) {
	var r rtt
	if got := r.wait(0); got != firstWait {
		t.Errorf("wait before any answer = %v; want %v", got, firstWait)
	}
	for range 50 {
		r.add(100 * time.Millisecond)
	}
	if got := r.wait(0); got < minWait || got > 300*time.Millisecond {
		t.Errorf("wait at 100 ms = %v; want about %v", got, minWait)
	}
	if r.wait(1) != 2*r.wait(0) || r.wait(30) != maxWait {
		t.Errorf("waits of later tries = %v, %v; want twice the first, and %v", r.wait(1), r.wait(30), maxWait)
	}
	for range 50 {
		r.add(2 * time.Second)
	}
	if got := r.wait(0); got != maxWait/2 {
		t.Errorf("wait at 2 s = %v; want %v", got, maxWait/2)
	}
}

func TestOrdered(t *testing.T) {
	all := harrier.AllPorts.List(harrier.TCP)
	got := ordered(all)
	if got[0] != 80 || got[len(likely)-1] != 465 {
		t.Errorf("ordered begins with %v; want the likely ones", got[:len(likely)])
	}
	slices.Sort(got)
	if !slices.Equal(got, all) {
		t.Error("ordered loses or repeats ports")
	}
	unique := slices.Clone(likely)
	slices.Sort(unique)
	if len(slices.Compact(unique)) != len(likely) {
		t.Error("a likely port is listed twice")
	}
}

func TestRanges(t *testing.T) {
	got := ranges([]uint16{5, 1, 2, 3, 65535, 7})
	want := []harrier.PortRange{{First: 1, Last: 3}, {First: 5, Last: 5}, {First: 7, Last: 7}, {First: 65535, Last: 65535}}
	if !slices.Equal(got, want) {
		t.Errorf("ranges = %v; want %v", got, want)
	}
}
