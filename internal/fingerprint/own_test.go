package fingerprint

import "testing"

func TestOwnRules(t *testing.T) {
	rules := ownRules(t)
	for _, fault := range newSet(Own, rules).play() {
		t.Error(fault)
	}
	if len(rules) < 177 {
		t.Errorf("%d rules; want all", len(rules))
	}
}

// ownRules reads the embedded rules with their examples.
func ownRules(t testing.TB) []*rule {
	t.Helper()
	g, err := readFS(embedded)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := parse(g, Own)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
