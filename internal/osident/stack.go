package osident

import (
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// The sources of the signs that no service gives.
const (
	stackSource  = "TCP/IP stack"
	vendorSource = "MAC vendor"
	portsSource  = "open ports"
)

// signature is how a stack answers a SYN that offers everything.
//
// The weights: 50 where options, window and TTL together are found with one
// family alone, less where others share them.
type signature struct {
	system  string // "" for a kind of device alone
	device  string
	era     string   // which versions answer so, in words; never a version claim
	ttl     uint8    // that packets start with
	layouts []string // of options, see harrier.Stack
	windows []uint16 // one of them; nil: any
	parts   []int    // or the window is so many segments; 0 stands for as many as fit
	scales  []int8   // one of them; nil: any
	weight  int
	fits    []harrier.Stack // examples, played by a test
}

// segments is how many segments a window holds exactly; 0 when not. The
// timestamps take 12 bytes of each.
func segments(s *harrier.Stack) int {
	size := int(s.MSS)
	if slices.Contains([]byte(s.Options), 'T') {
		size -= 12
	}
	if size <= 0 || int(s.Window)%size != 0 {
		return 0
	}
	return int(s.Window) / size
}

func full(s *harrier.Stack) bool {
	size := int(s.MSS)
	if slices.Contains([]byte(s.Options), 'T') {
		size -= 12
	}
	return size > 0 && segments(s) == 65535/size
}

func (g *signature) match(s *harrier.Stack) bool {
	if initial(s.TTL) != g.ttl || !slices.Contains(g.layouts, s.Options) || g.scales != nil && !slices.Contains(g.scales, s.Scale) {
		return false
	}
	switch {
	case g.windows == nil && g.parts == nil:
		return true
	case slices.Contains(g.windows, s.Window):
		return true
	case slices.Contains(g.parts, 0) && full(s):
		return true
	}
	n := segments(s)
	return n > 0 && slices.Contains(g.parts, n)
}

// initial is the TTL that a packet started with.
func initial(ttl uint8) uint8 {
	for _, start := range []uint8{32, 64, 128} {
		if ttl <= start {
			return start
		}
	}
	return 255
}

// fromStack reads how the stack answered.
func fromStack(s *harrier.Stack) []sign {
	switch {
	case s == nil:
		return nil
	case s.Connected:
		return fromConnection(s)
	}
	text := describe(s)
	var out []sign
	if best := bestSignature(s); best != nil {
		if best.era != "" {
			text += ": " + best.era
		}
		out = append(out, sign{source: stackSource, system: best.system, device: best.device, weight: best.weight, text: text})
	} else if s.TTL != 0 { // the TTL alone
		switch initial(s.TTL) {
		case 128:
			out = append(out, sign{source: stackSource, system: "windows", weight: 20, text: text})
		default:
			out = append(out, sign{source: stackSource, weight: 1, text: text + ": not known"})
		}
	}
	if r := s.Reset; r != nil && s.TTL != 0 && initial(r.TTL) != initial(s.TTL) {
		out = append(out, sign{source: stackSource, weight: 1, text: fmt.Sprintf(
			"an open port answers with TTL %d, a closed one with %d: not the same machine answers for all ports", s.TTL, r.TTL)})
	}
	if len(s.Numbers) > 1 && sameNumbers(s.Numbers) {
		out = append(out, sign{source: stackSource, device: Embedded, weight: 30, text: "its connections start with foreseeable sequence numbers"})
	}
	return out
}

// bestSignature is the weightiest that matches, unless two families share it.
func bestSignature(s *harrier.Stack) *signature {
	var best *signature
	for i := range signatures {
		g := &signatures[i]
		if g.match(s) && (best == nil || g.weight > best.weight) {
			best = g
		}
	}
	return best
}

// sameNumbers reports whether sequence numbers stay or go up by the steps of the
// oldest stacks: 64,000 or 128,000 for each connection, or a clock's small ones.
func sameNumbers(n []uint32) bool {
	for i := 1; i < len(n); i++ {
		if d := n[i] - n[i-1]; d > 1<<20 {
			return false
		}
	}
	return true
}

func describe(s *harrier.Stack) string {
	df := ""
	if s.DF {
		df = " DF"
	}
	return fmt.Sprintf("TTL %d of %d%s, window %d, options %s, MSS %d, scale %d", s.TTL, initial(s.TTL), df, s.Window, s.Options, s.MSS, s.Scale)
}

// fromConnection reads what the system's own connections told. The order of the
// options and the TTL are lost there: the scale of the window hints at most.
func fromConnection(s *harrier.Stack) []sign {
	text := fmt.Sprintf("a connection with options %s, MSS %d, scale %d", s.Options, s.MSS, s.Scale)
	switch {
	case s.Options == "MSTW" && (s.Scale == 7 || s.Scale == 10):
		return []sign{{source: stackSource, system: "linux", weight: 25, text: text}}
	case s.Scale == 8 && s.Options == "MSW":
		return []sign{{source: stackSource, system: "windows", weight: 25, text: text}}
	case s.Options == "M":
		return []sign{{source: stackSource, device: Embedded, weight: 15, text: text + ": offered more and was given none"}}
	}
	return []sign{{source: stackSource, weight: 1, text: text}}
}
