package harrier

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// PortRange is a range of ports, both ends included; First <= Last.
type PortRange struct {
	First uint16 `json:"first"`
	Last  uint16 `json:"last"`
}

// Ports is a set of ports for each transport protocol. Ranges are in rising
// order, neither overlapping nor touching.
type Ports struct {
	TCP []PortRange `json:"tcp,omitempty"`
	UDP []PortRange `json:"udp,omitempty"`
}

// AllPorts is every port but 0.
var AllPorts = Ports{TCP: []PortRange{{1, 65535}}, UDP: []PortRange{{1, 65535}}}

// ParsePorts reads a port specification: parts between commas, blanks or line
// ends, in any order and any case, such as "22,80-443,T:8080,U:53,161" or
// "top 100, !9100-9107". A part is one of
//
//	22              a port
//	1-1024          a range; -1024 and 60000- are open at one end, - at both
//	http            a service by name, at its usual ports: see ServicePorts
//	top 100         the ports that are open most often: see TopPorts; also top100, top-100
//	all             every port; also *
//	default         DefaultPorts; also well-known
//	none            no port, to say so of a protocol: T:none,U:161
//	!9100-9107      any of these with a ! before it is left out, wherever it stands
//
// A prefix T:, U: or TU: (also tcp:, udp:, and before or behind the !) limits a
// part and what follows, up to the next prefix, to TCP, to UDP, or to neither;
// what stands before the first prefix goes to both protocols, and a name to
// those that it is registered for. Port 0 may begin a range and is left out.
// The empty text is the default, and a text that only leaves ports out leaves
// them out of the default. Blanks around - and : do not count.
//
// It answers Invalid, with the offending part in the message, for anything else
// and for a text that leaves no port at all.
//
// Source: portscan_range in nessus-api.md, section 10.2, and
// securitycenter-api.md, section 7.3; all, well-known, custom lists and excluded
// ports are those of scan templates, nexpose-api.md, section 14.5, and
// insightvm-api.md, /scan_templates; asm-api.md knows no port lists.
func ParsePorts(s string) (Ports, error) {
	var in, out portChoice
	tcp, udp := true, true
	for part := range strings.FieldsFuncSeq(tidyPorts(s), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		word, not := strings.CutPrefix(part, "!")
		if prefix, rest, found := strings.Cut(word, ":"); found {
			switch prefix {
			case "t", "tcp":
				tcp, udp = true, false
			case "u", "udp":
				tcp, udp = false, true
			case "tu", "ut":
				tcp, udp = true, true
			default:
				return Ports{}, invalidPort(part)
			}
			if word = rest; word == "" && !not {
				continue // the prefix of what follows
			}
		}
		into := &in
		if rest, inner := strings.CutPrefix(word, "!"); inner {
			if not {
				return Ports{}, invalidPort(part)
			}
			word, not = rest, true
		}
		if not {
			into = &out
		}
		if !into.add(word, tcp, udp) {
			return Ports{}, invalidPort(part)
		}
	}
	if !in.any && (out.any || strings.TrimSpace(s) == "") {
		in.ports = DefaultPorts
	}
	p := in.all().Without(out.all())
	if len(p.TCP)+len(p.UDP) == 0 {
		return Ports{}, Invalidf("ports", "%q names no port", clipped(s))
	}
	return p, nil
}

var (
	portJoint = regexp.MustCompile(`[ \t]*([-:])[ \t]*`)
	portNot   = regexp.MustCompile(`![ \t]+`)
	portTop   = regexp.MustCompile(`\btop[ \t]+([0-9])`)
	portKnown = regexp.MustCompile(`\bwell[ \t]+known\b`)
)

// tidyPorts takes the blanks out of parts, so that those left stand between
// parts.
func tidyPorts(s string) string {
	s = portJoint.ReplaceAllString(strings.ToLower(s), "$1")
	s = portNot.ReplaceAllString(s, "!")
	s = portTop.ReplaceAllString(s, "top$1")
	return portKnown.ReplaceAllString(s, "well-known")
}

func invalidPort(part string) error {
	return Invalidf("ports", "%q is not a port, a range or the name of a service", clipped(part))
}

// clipped is as much of a text as a message bears.
func clipped(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

// portChoice gathers parts of a port list. Of the most frequent ports only the
// largest number is kept, for it has the smaller ones within.
type portChoice struct {
	any            bool // a part was added, be it none
	ports          Ports
	topTCP, topUDP int
}

// add takes one part, for the protocols that are on. It reports false for what
// is none, or stands for no port of these protocols.
func (c *portChoice) add(word string, tcp, udp bool) bool {
	c.any = true
	switch word {
	case "none":
		return true
	case "all", "*":
		return c.join(AllPorts, tcp, udp)
	case "default", "well-known":
		return c.join(DefaultPorts, tcp, udp)
	}
	if digits, ok := strings.CutPrefix(word, "top"); ok {
		if n, err := strconv.ParseUint(strings.TrimPrefix(digits, "-"), 10, 16); err == nil {
			if tcp {
				c.topTCP = max(c.topTCP, int(n))
			}
			if udp {
				c.topUDP = max(c.topUDP, int(n))
			}
			return n > 0
		}
	}
	if p, ok := ServicePorts(word); ok {
		return c.join(p, tcp, udp)
	}
	r, ok := parseRange(word)
	return ok && c.join(Ports{TCP: []PortRange{r}, UDP: []PortRange{r}}, tcp, udp)
}

func (c *portChoice) join(p Ports, tcp, udp bool) bool {
	if tcp {
		c.ports.TCP = append(c.ports.TCP, p.TCP...)
	}
	if udp {
		c.ports.UDP = append(c.ports.UDP, p.UDP...)
	}
	return tcp && len(p.TCP) > 0 || udp && len(p.UDP) > 0
}

// all is what was gathered.
func (c *portChoice) all() Ports {
	for _, n := range TopPorts(TCP, c.topTCP) {
		c.ports.TCP = append(c.ports.TCP, PortRange{n, n})
	}
	for _, n := range TopPorts(UDP, c.topUDP) {
		c.ports.UDP = append(c.ports.UDP, PortRange{n, n})
	}
	return Ports{mergeRanges(c.ports.TCP), mergeRanges(c.ports.UDP)}
}

// parseRange reads "22", "1-1024", "-1024", "60000-" and "-".
func parseRange(part string) (PortRange, bool) {
	first, last, isRange := strings.Cut(part, "-")
	if !isRange {
		last = first
	} else {
		first, last = cmp.Or(first, "1"), cmp.Or(last, "65535")
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	if errA != nil || errB != nil || a > b || b == 0 {
		return PortRange{}, false
	}
	return PortRange{max(uint16(a), 1), uint16(b)}, true
}

// mergeRanges returns ranges as Ports has them. It leaves in alone.
func mergeRanges(in []PortRange) []PortRange {
	in = slices.SortedFunc(slices.Values(in), func(a, b PortRange) int { return cmp.Compare(a.First, b.First) })
	var out []PortRange
	for _, r := range in {
		if n := len(out); n > 0 && int(r.First) <= int(out[n-1].Last)+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// Without returns the ports of p that are not in other.
func (p Ports) Without(other Ports) Ports {
	return Ports{subtractPorts(p.TCP, other.TCP), subtractPorts(p.UDP, other.UDP)}
}

// subtractPorts takes out of in what is in not, both as Ports has them.
func subtractPorts(in, not []PortRange) []PortRange {
	if len(not) == 0 {
		return in
	}
	var out []PortRange
	for _, r := range in {
		first := int(r.First)
		for _, n := range not {
			if int(n.Last) < first || n.First > r.Last {
				continue
			}
			if int(n.First) > first {
				out = append(out, PortRange{uint16(first), n.First - 1})
			}
			first = int(n.Last) + 1
		}
		if first <= int(r.Last) {
			out = append(out, PortRange{uint16(first), r.Last})
		}
	}
	return out
}

// Of returns the ranges of one protocol.
func (p Ports) Of(proto Protocol) []PortRange {
	switch proto {
	case TCP:
		return p.TCP
	case UDP:
		return p.UDP
	default:
		return nil
	}
}

// Contains reports whether the endpoint's port is in the set of its protocol.
func (p Ports) Contains(e Endpoint) bool {
	for _, r := range p.Of(e.Protocol) {
		if r.First <= e.Port && e.Port <= r.Last {
			return true
		}
	}
	return false
}

// Count is how many ports the set of proto has.
func (p Ports) Count(proto Protocol) int {
	n := 0
	for _, r := range p.Of(proto) {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}

// List returns the ports of proto in rising order.
func (p Ports) List(proto Protocol) []uint16 {
	out := make([]uint16, 0, p.Count(proto))
	for _, r := range p.Of(proto) {
		for n := int(r.First); n <= int(r.Last); n++ {
			out = append(out, uint16(n))
		}
	}
	return out
}

// String returns a form that ParsePorts reads: "T:22,80-443,U:53".
func (p Ports) String() string {
	var b strings.Builder
	for _, side := range []struct {
		prefix string
		ranges []PortRange
	}{{"T:", p.TCP}, {"U:", p.UDP}} {
		for i, r := range side.ranges {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			if i == 0 {
				b.WriteString(side.prefix)
			}
			b.WriteString(strconv.Itoa(int(r.First)))
			if r.Last != r.First {
				b.WriteByte('-')
				b.WriteString(strconv.Itoa(int(r.Last)))
			}
		}
	}
	return b.String()
}

// DefaultPorts is the service table: every well-known port, the registered and
// customary ports at which servers are met, and all that TopPorts ranks or
// ServicePorts names.
var DefaultPorts = Ports{
	TCP: mergeRanges(append(mustRanges(defaultTCP), rankedRanges(rankedTCP)...)),
	UDP: rankedRanges(rankedUDP),
}

func mustRanges(list string) []PortRange {
	var out []PortRange
	for part := range strings.SplitSeq(strings.ReplaceAll(list, "\n", ","), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		r, ok := parseRange(part)
		if !ok {
			panic(part + " is not a port or range") // the tables are constant and tested
		}
		out = append(out, r)
	}
	return out
}

// defaultTCP are the stretches of numbers that servers are given by habit: what
// IANA calls the well-known ports, round thousands with what counts up from
// them, and what systems hand out first to servers that ask for any port.
const defaultTCP = `1-1060
1200-1214,1300-1320,1400-1420,1500-1530,1800-1820,1880-1890,1900,1998-2060,2080-2110,2120-2130,2180-2210,2220-2230,2300-2310,2375-2385,2400-2410,2500-2530,2600-2610
3000-3100,3120-3130,3260-3270,3299-3310,3380-3400,3500-3510,3600-3610,3690-3705,3780-3800,4000-4050,4080,4100-4110,4200-4225,4300-4310,4400-4410,4430-4450,4500-4510,4840-4850,4900-4910
5000-5100,5190-5230,5260-5285,5350-5360,5400-5410,5430-5440,5480-5510,5550-5560,5600-5610,5666-5680,5800-5815,5900-5920,5980-6070,6080-6090,6100-6115
6160-6170,6200-6210,6300-6310,6330-6350,6370-6400,6440-6450,6500-6515,6540-6560,6600-6610,6650-6670,6690-6700,6780-6800,6880-6890,6990-7030
7050-7110,7170-7180,7199-7210,7270-7275,7300-7310,7400-7410,7440-7450,7470-7480,7500-7510,7540-7550,7600-7610,7670-7690,7700-7710,7770-7810,7900-7910,7930-7940,7990-8130
8180-8200,8220-8225,8230-8250,8280-8300,8330-8340,8380-8410,8440-8460,8480-8510,8530-8560,8580-8610,8640-8660,8680-8700,8720-8730,8760-8790,8800-8910,8980-9110
9120-9125,9150-9160,9180-9215,9290-9310,9390-9410,9418,9440-9450,9490-9510,9590-9600,9660-9670,9690-9710,9800-9810,9840-9850,9860-9900,9980-10060
10080-10090,10100-10110,10200-10205,10240-10260,10300-10305,10440-10445,10500-10505,10800-10810,10900-10915,11000-11010,11100-11115,11200-11215,12000-12010,12200-12205
13000-13010,13720-13725,14000-14005,15000-15015,15670-15675,16000-16035,16990-16996,17000-17005,18000-18005,18080-18095,18180-18190,19000-19005,20000-20025,20080-20090,21000-21005
22000-22005,23000-23005,24000-24010,25000-25005,25565-25570,26000-26005,27000-27020,28000-28020,28080-28090,30000-30020,31000-31005,32000-32005,32764-32790
33060-33070,34560-34570,35000-35005,37770-37780,38080-38085,40000-40010,41790-41800,45000-45005,47000-47005,48000-48005
49152-49180,49660-49700,50000-50020,50070-50080,50100,51000-51005,52000-52005,53000-53005,54320-54325,55000-55010,55550-55560,60000-60010,61000-61005,61610-61620,62078,65000-65005,65530-65535`
