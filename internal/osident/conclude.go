package osident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// conclusion is what the signs say together.
type conclusion struct {
	system    string // "" when nothing tells it
	name      string
	cpe       string
	certainty int    // 0 to 100
	method    string // source of the weightiest sign for it
	device    string
	notes     []harrier.Sign // what speaks against it
}

// How much of what is left to full certainty a further sign that agrees adds,
// and how much of its weight one that contradicts takes away, in percent; and
// the most that can be reached by joining.
const (
	raise  = 30
	lower  = 40
	sooner = 10 // for each further contradiction
	most   = 99
)

// leastWeight is the least certainty that is told.
const leastWeight = 10

// conclude joins signs, the weightiest of which comes first.
func conclude(signs []sign) conclusion {
	var c conclusion
	c.system = winner(signs)
	if c.system != "" {
		c.judge(signs)
		c.date(signs)
	}
	c.device = c.class(signs)
	return c
}

// winner is the system that the signs speak for: the family with the most
// weight, and in it, step by step, what is more special.
func winner(signs []sign) string {
	best, most := "", 0
	families := map[string]bool{}
	for _, s := range signs {
		if s.system != "" {
			families[root(s.system)] = true
		}
	}
	for _, k := range keys(families) {
		if w := support(signs, k); w > most {
			best, most = k, w
		}
	}
	for best != "" {
		next, most := "", 0
		for _, s := range signs {
			if k := below(best, s.system); k != "" {
				if w := support(signs, k); w > most {
					next, most = k, w
				}
			}
		}
		if next == "" {
			return best
		}
		best = next
	}
	return ""
}

// below is the system under top that k is or is of; "" when it is not of top,
// or top itself.
func below(top, k string) string {
	for k != "" && systems[k].parent != top {
		k = systems[k].parent
	}
	return k
}

// support joins the weights of the signs for k and what is of it: the weightiest
// of each source counts.
func support(signs []sign, k string) int {
	total, seen := 0, map[string]bool{}
	for _, s := range signs {
		if !ancestor(k, s.system) || s.system == "" || seen[s.source] {
			continue
		}
		seen[s.source] = true
		if total == 0 {
			total = s.weight * 100
		} else {
			total += (most*100 - total) * s.weight * raise / 10000
		}
	}
	return total
}

// judge says how certain the system is.
func (c *conclusion) judge(signs []sign) {
	for _, s := range signs {
		if s.system != "" && ancestor(c.system, s.system) {
			c.certainty, c.method = s.weight, s.source
			break
		}
	}
	agreed, against := map[string]bool{c.method: true}, map[string]bool{}
	taken, noted := 0, map[string]bool{}
	for _, s := range signs {
		switch {
		case s.system == "":
		case ancestor(c.system, s.system) || ancestor(s.system, c.system):
			if !agreed[s.source] {
				agreed[s.source] = true
				c.certainty += max(0, most-c.certainty) * s.weight * raise / 10000
			}
		case agrees(c.system, s.system):
		case !against[s.source]:
			against[s.source] = true
			share := lower
			if taken > 0 {
				share = sooner
			}
			taken += s.weight * share / 100
			if !noted[s.system] {
				noted[s.system] = true
				c.note(s)
			}
		}
	}
	c.certainty = max(leastWeight, c.certainty-taken)
}

// maxNotes is how many contradictions are kept.
const maxNotes = 4

func (c *conclusion) note(s sign) {
	if len(c.notes) >= maxNotes {
		return
	}
	c.notes = append(c.notes, harrier.Sign{
		Source: "contradiction", OS: systems[s.system].name, Version: s.version, Weight: -s.weight,
		Text: clip(fmt.Sprintf("%s speaks for %s, %s for %s: more than one machine may answer here (%s)",
			c.method, systems[c.system].name, s.source, systems[s.system].name, s.text)),
	})
}

// date names the system with its version, as far as the signs agree on one.
func (c *conclusion) date(signs []sign) {
	var version string
	var weight int
	var r role
	for _, s := range signs {
		if s.system == "windows" && s.role != 0 && r == 0 {
			r = s.role
		}
		if s.system != c.system || s.version == "" {
			continue
		}
		switch {
		case version == "":
			version, weight = s.version, s.weight
		case s.version == version || prefixed(version, s.version):
		case prefixed(s.version, version) && c.system != "windows":
			version = s.version
		case weight-s.weight < 20:
			c.notes = append(c.notes, harrier.Sign{
				Source: "contradiction", OS: systems[s.system].name, Version: s.version, Weight: -s.weight,
				Text: clip(fmt.Sprintf("version %s by one sign, %s by %s (%s): none is told", version, s.version, s.source, s.text)),
			})
			c.finish("", r)
			return
		}
	}
	c.finish(version, r)
}

// prefixed reports whether the dotted version long says more than short.
func prefixed(long, short string) bool { return strings.HasPrefix(long, short+".") }

func (c *conclusion) finish(version string, r role) {
	if c.system == "windows" {
		c.name, c.cpe = windows(version, r)
		return
	}
	c.name, c.cpe = strings.TrimSpace(systems[c.system].name+" "+version), cpeOf(c.system, version, 0)
}

// class is the kind of device that the signs speak for. What a system mostly
// runs on counts half as much as a sign of the device itself.
func (c *conclusion) class(signs []sign) string {
	votes := map[string]int{}
	seen := map[[2]string]bool{}
	vote := func(source, device string, weight int) {
		if device == "" || seen[[2]string{source, device}] {
			return
		}
		seen[[2]string{source, device}] = true
		votes[device] = joined(votes[device], weight)
	}
	for _, s := range signs {
		vote(s.source, s.device, s.weight)
		if s.system != "" && s.device == "" && (c.system == "" || agrees(c.system, s.system)) {
			vote(s.source, deviceOf(s.system), s.weight/2)
		}
	}
	best := ""
	for _, k := range keys(votes) {
		if best == "" || votes[k] > votes[best] {
			best = k
		}
	}
	if best != "" && votes[best] < leastWeight {
		return ""
	}
	return best
}

// joined is the weight of two signs for the same.
func joined(a, b int) int {
	if a < b {
		a, b = b, a
	}
	return a + max(0, most-a)*b*raise/10000
}

// deviceOf is what mostly runs a system, or the family that it is of.
func deviceOf(k string) string {
	for ; k != ""; k = systems[k].parent {
		if d := systems[k].device; d != "" {
			return d
		}
	}
	return ""
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
