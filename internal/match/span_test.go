package match

import "testing"

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		r    span
		v    string
		want bool
	}{
		{span{From: "1.1.3", Fixed: "1.22.1"}, "1.22.0", true},
		{span{From: "1.1.3", Fixed: "1.22.1"}, "1.22.1", false},
		{span{From: "1.1.3", Fixed: "1.22.1"}, "1.1.2", false},
		{span{Fixed: "2.0"}, "0.1", true},
		{span{From: "2.3.4", Last: "2.3.4"}, "2.3.4", true},
		{span{From: "2.3.4", Last: "2.3.4"}, "2.3.5", false},
		{span{}, "1", false},
	} {
		if got := c.r.has(Dotted, c.v); got != c.want {
			t.Errorf("%+v.has(%s) = %v; want %v", c.r, c.v, got, c.want)
		}
	}
}
