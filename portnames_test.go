package harrier

import (
	"regexp"
	"strings"
	"testing"
)

// TestServiceNames reads the table as it is written: a name once, ports that
// are ports, and nothing that could be taken for another part of a port list.
func TestServiceNames(t *testing.T) {
	ports := regexp.MustCompile(`^(t|u|tu)[0-9]+(-[0-9]+)?(,(t|u|tu)[0-9]+(-[0-9]+)?)*$`)
	name := regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]*$`)
	seen := map[string]bool{"all": true, "default": true, "none": true, "well-known": true}
	for line := range strings.Lines(strings.TrimSpace(serviceNames)) {
		names, list, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !ports.MatchString(list) {
			t.Errorf("%q are no ports", list)
		}
		for n := range strings.SplitSeq(names, "/") {
			if _, digits := parseRange(n); seen[n] || !name.MatchString(n) || digits || strings.HasPrefix(n, "top") {
				t.Errorf("name %q is there twice or can not be a name", n)
			}
			seen[n] = true
			for part := range strings.SplitSeq(list, ",") {
				if _, ok := parseRange(strings.TrimLeft(part, "tu")); !ok {
					t.Errorf("%s: %q is not a port or range", n, part)
				}
			}
		}
	}
	if len(seen) < 1000 {
		t.Errorf("%d names; want 1,000 and more", len(seen))
	}
}

// TestRanks: what is ranked is ranked once, and is enough.
func TestRanks(t *testing.T) {
	for name, l := range map[string]struct {
		table string
		least int
	}{"TCP": {rankedTCP, 1000}, "UDP": {rankedUDP, 100}} {
		list, seen := rankedPorts(l.table), map[uint16]bool{}
		for _, n := range list {
			if seen[n] {
				t.Errorf("%d is ranked twice for %s", n, name)
			}
			seen[n] = true
		}
		if len(list) < l.least {
			t.Errorf("%d %s ports are ranked; want %d and more", len(list), name, l.least)
		}
	}
}
