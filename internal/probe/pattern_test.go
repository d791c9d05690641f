package probe

import "testing"

func TestPatterns(t *testing.T) {
	if len(expressions) < 50 {
		t.Fatalf("%d expressions: they are not made by pattern any more", len(expressions))
	}
	for _, r := range expressions {
		r.get() // panics for one that does not compile
	}
}
