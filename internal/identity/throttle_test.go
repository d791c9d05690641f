package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	th, now := newThrottle(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fail := func(n int, name, from string) {
		for range n {
			th.failed(name, from, now)
		}
	}
	wait := func(want time.Duration, name, from string) {
		t.Helper()
		if got := th.wait(name, from, now); got != want {
			t.Errorf("wait(%s, %s) = %v; want %v", name, from, got, want)
		}
	}
	fail(4, "alice", "192.0.2.1:1000")
	wait(0, "alice", "192.0.2.1:1001")
	fail(1, "Alice", "192.0.2.2")
	wait(time.Second, "ALICE", "198.51.100.9:1")
	wait(0, "bob", "192.0.2.1:1")
	fail(1, "alice", "192.0.2.1")
	wait(2*time.Second, "alice", "192.0.2.1")
	fail(100, "alice", "192.0.2.1")
	wait(30*time.Second, "alice", "203.0.113.1")
	wait(time.Minute, "alice", "192.0.2.1:1") // now the source, too
	wait(time.Minute, "bob", "[::ffff:192.0.2.1]:1")
	wait(0, "bob", "192.0.2.2")
	now = now.Add(45 * time.Second)
	wait(15*time.Second, "bob", "192.0.2.1")
	th.succeeded("alice", "192.0.2.1")
	wait(0, "alice", "192.0.2.9")
	wait(15*time.Second, "alice", "192.0.2.1") // the source stays slow
	now = now.Add(forgetAfter)
	wait(0, "bob", "192.0.2.1")
	fail(1, "bob", "192.0.2.1")
	wait(0, "bob", "192.0.2.1") // counted anew

	// Failures from elsewhere do not lock a user out at home.
	th.succeeded("carol", "192.0.2.50:1")
	fail(50, "carol", "203.0.113.5")
	wait(0, "carol", "192.0.2.50:2")
	wait(30*time.Second, "carol", "192.0.2.51")
	fail(6, "carol", "192.0.2.50")
	wait(2*time.Second, "carol", "192.0.2.50")

	// A net of IPv6 is one source.
	for i := range 30 {
		fail(1, fmt.Sprintf("user%d", i), fmt.Sprintf("[2001:db8::%x]:443", i+1))
	}
	wait(time.Minute, "dave", "2001:db8::ffff")
	wait(0, "dave", "2001:db8:0:1::1")
}

// TestThrottleForgets: an attack with many names and sources takes no more than
// a bounded memory.
func TestThrottleForgets(t *testing.T) {
	th, now := newThrottle(), time.Now()
	for i := range 3 * remembered {
		th.failed(fmt.Sprintf("user%d", i), fmt.Sprintf("source%d", i), now)
	}
	if n, s := th.names.len(), th.sources.len(); n != remembered || s != remembered {
		t.Errorf("%d names and %d sources remembered; want %d", n, s, remembered)
	}
}

func TestRecent(t *testing.T) {
	r := newRecent[int](2)
	add := func(key string) { r.change(key, func(old int) int { return old + 1 }) }
	for _, key := range strings.Split("a b a c", " ") {
		add(key)
	}
	for key, want := range map[string]int{"a": 2, "b": 0, "c": 1} {
		if got, _ := r.get(key); got != want {
			t.Errorf("get(%q) = %d; want %d", key, got, want)
		}
	}
	r.forget("a")
	r.forget("a")
	if r.len() != 1 {
		t.Errorf("len = %d; want 1", r.len())
	}
}
