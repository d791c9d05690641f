package order

import "testing"

func TestCompare(t *testing.T) {
	rising := []string{"0", "0.9.8", "1.0~rc1", "1.0-alpha", "1.0b1", "1.0rc1", "1.0", "1.0.2", "1.0.2a", "1.0.2b", "1.0.10", "v1.1", "2.0", "20", "1:0.1"}
	for i, a := range rising {
		for j, b := range rising {
			if got := Compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%q, %q) = %d; want the order of %d and %d", a, b, got, i, j)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1-0"}, {"v1.2", "1.2"}, {"01.2", "1.02"}, {"0:1", "1"}} {
		if got := Compare(same[0], same[1]); got != 0 {
			t.Errorf("Compare(%q, %q) = %d; want 0", same[0], same[1], got)
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1.0~rc1", "1.0", "1:2")
	f.Add("1.0b1", "v1", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Compare(a, a) != 0 || Compare(a, b) != -Compare(b, a) {
			t.Fatalf("Compare is no order on %q, %q", a, b)
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("Compare is not transitive on %q, %q, %q", a, b, c)
		}
	})
}
