package harrier_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestParseTargets(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":                     "192.0.2.1",
		"192.0.2.1, 192.0.2.2\n::1 x":   "192.0.2.1,192.0.2.2,::1,x",
		"192.0.2.77/30":                 "192.0.2.76-192.0.2.79",
		"192.0.2.0/255.255.255.128":     "192.0.2.0-192.0.2.127",
		"192.0.2.1-192.0.2.9":           "192.0.2.1-192.0.2.9",
		"192.0.2.1-9":                   "192.0.2.1-192.0.2.9",
		"192.0.0-1.3-5":                 "192.0.0.3-192.0.0.5,192.0.1.3-192.0.1.5",
		"10.0.0-1.0-255":                "10.0.0.0-10.0.1.255",
		"2001:db8::/126":                "2001:db8::-2001:db8::3",
		"2001:db8::1-2001:db8::ff":      "2001:db8::1-2001:db8::ff",
		"fe80::1%eth0":                  "fe80::1%eth0",
		"::ffff:192.0.2.1":              "192.0.2.1",
		"WWW.Example.com.":              "www.example.com",
		"www.example.com/24":            "www.example.com/24",
		"www.example.com/255.255.252.0": "www.example.com/22",
		"a.example[192.0.2.7]":          "a.example[192.0.2.7]",
		"'192.0.2.1'":                   "'192.0.2.1'",
		"255.255.255.255":               "255.255.255.255",
	} {
		got, err := harrier.ParseTargets(in)
		if err != nil {
			t.Errorf("ParseTargets(%q): %v", in, err)
		} else if got.String() != want {
			t.Errorf("ParseTargets(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestParseTargetsRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ,\n", "999.1.1.1", "127.0.0.1/33", "1.2.3", "1.2.3.4.5", "192.0.2.9-192.0.2.1", "192.0.2.5-1", "192.0.2.0/255.0.255.0",
		"2001:db8::/64", "::1/129", "a_b c!", "-x", "x-", "a..b", "''", "'a", "a[b]", "a[1.2.3.4", "10.0.0.0/0", "name/4", "fe80::1%eth0/64",
		"192.0.2.1-2001:db8::1", "http://example.com/", "1:2", "01234567.1.1.1",
	} {
		if got, err := harrier.ParseTargets(in); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("ParseTargets(%q) = %v, %v; want an Invalid error", in, got, err)
		}
	}
}

func mustTargets(t *testing.T, s string) harrier.Targets {
	t.Helper()
	ts, err := harrier.ParseTargets(s)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestTargetsSets(t *testing.T) {
	all := mustTargets(t, "10.0.0.5 10.0.0.0/29 b.example 10.0.0.6-20 b.example ::1")
	if got, want := all.Merge().String(), "10.0.0.0-10.0.0.20,::1,b.example"; got != want {
		t.Errorf("Merge = %q; want %q", got, want)
	}
	if got, want := all.Subtract(mustTargets(t, "10.0.0.3-4,10.0.0.20,b.example")).String(), "10.0.0.0-10.0.0.2,10.0.0.5-10.0.0.19,::1"; got != want {
		t.Errorf("Subtract = %q; want %q", got, want)
	}
	if !all.Contains(netip.MustParseAddr("10.0.0.19")) || all.Contains(netip.MustParseAddr("10.0.0.21")) {
		t.Error("Contains is wrong at the edge of a range")
	}
}

func TestTargetsBatches(t *testing.T) {
	ts := mustTargets(t, "10.0.0.0/30 10.0.1.0-10.0.1.8 a.example b.example").Merge()
	var sizes []int
	var addrs []netip.Addr
	for b := range ts.Batches(4) {
		sizes = append(sizes, b.Count())
		for _, one := range b {
			addrs = slices.AppendSeq(addrs, one.Addrs())
		}
	}
	if want := []int{4, 4, 4, 3}; !slices.Equal(sizes, want) {
		t.Errorf("sizes of Batches(4) = %v; want %v", sizes, want)
	}
	if len(addrs) != 13 || !slices.IsSortedFunc(addrs, netip.Addr.Compare) {
		t.Errorf("Batches yielded %v; want 13 addresses in order", addrs)
	}
}

func FuzzParseTargets(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "a[::1]", "1-2.3.4.5-6", "'x'", "x/255.255.0.0", "fe80::1%a", "1.1.1.1-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ts, err := harrier.ParseTargets(s)
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("ParseTargets(%q) = %v; want an Invalid error", s, err)
			}
			return
		}
		again, err := harrier.ParseTargets(ts.String())
		if err != nil || again.String() != ts.String() {
			t.Fatalf("ParseTargets(%q) does not read its own form %q back: %q, %v", s, ts, again, err)
		}
		if n := ts.Merge().Count(); n > ts.Count() || n < 1 {
			t.Fatalf("Merge of %q grew from %d to %d", s, ts.Count(), n)
		}
	})
}
