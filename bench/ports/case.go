package main

import (
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/netbed"
)

// scenario is what is scanned, over what kind of network, and what has to be
// reached.
type scenario struct {
	name, about string
	targets     netip.Prefix
	ports       string // as harrier.ParsePorts reads them; "" means option ports
	profile     netbed.Profile
	delay       time.Duration  // each way
	open        func(int) bool // which addresses have open ports, by index
	pps         int            // what the way carries, for the ideal time; 0 means anything
	connect     bool           // without raw packets
	rare        bool           // measured only when it is named
	peers       []string       // beside harrier
	goals       []goal         //
}

// hosts is how many addresses are scanned.
func (c scenario) hosts() int { return 1 << (c.targets.Addr().BitLen() - c.targets.Bits()) }

// ask returns the ports, and the list that every scanner reads.
func (c scenario) ask(thousand string) ([]uint16, string, error) {
	text := c.ports
	if text == "" {
		text = thousand
	}
	p, err := harrier.ParsePorts(text)
	if err != nil {
		return nil, "", err
	}
	p.UDP = nil
	return p.List(harrier.TCP), p.String()[len("T:"):], nil
}

const (
	nmapT5 = "nmap -T5"
	nmap   = "nmap"
	nmapST = "nmap -sT -T5"
)

// cases are measured in this order.
func cases() []scenario {
	v4 := func(bits int) netip.Prefix { return netip.PrefixFrom(netbed.Targets.Addr(), bits) }
	one := netip.MustParsePrefix("10.77.0.5/32")
	noFalse := goal{"false", "", 0}
	return []scenario{
		{
			name: "256x1000", about: "256 hosts, 1,000 ports, clean link",
			targets: v4(24), profile: netbed.Clean(), open: netbed.EveryHost,
			peers: []string{"bare", nmapT5, nmap, "masscan", "zmap-head", "naabu"},
			goals: []goal{{"speed", nmapT5, 1.7}, {"speed", "zmap-head", 1.4}, {"speed", "masscan", 2.5}, {"cpu", nmapT5, 0.7}, {"recall", "", 1}, noFalse},
		},
		{
			name: "64x1000-bottleneck", about: "64 hosts, 1,000 ports, the way carries 10,000 frames a second",
			targets: v4(26), profile: netbed.Bottleneck(10_000, 500), open: netbed.EveryHost, pps: 10_000,
			peers: []string{nmapT5, nmap, "masscan", "zmap-head", "naabu"},
			goals: []goal{{"ideal", "", 1.15}, {"recall", "", 0.999}, noFalse},
		},
		{
			name: "256x1000-loss", about: "256 hosts, 1,000 ports, 1% of the frames lost at random each way",
			targets: v4(24), profile: netbed.Loss(10), open: netbed.EveryHost,
			peers: []string{"bare", nmapT5, "masscan", "zmap-head", "naabu"},
			goals: []goal{{"speed", nmapT5, 7}, {"frames", "", 1.15}, {"recall", "", 0.9999}, noFalse},
		},
		{
			name: "64x1000-drop", about: "64 hosts, 1,000 ports, a firewall drops questions for ports that are not open",
			targets: v4(26), profile: netbed.Drop(), open: netbed.EveryHost,
			peers: []string{"bare", nmapT5, "masscan", "zmap-head", "naabu"},
			goals: []goal{{"frames", "", 2.1}, {"recall", "", 1}, noFalse},
		},
		{
			name: "1x65535", about: "one host, all ports, clean link",
			targets: one, ports: "1-65535", profile: netbed.Clean(), open: netbed.EveryHost,
			peers: []string{"bare", nmapT5, nmap, "masscan", "naabu"},
			goals: []goal{{"recall", "", 1}, noFalse},
		},
		{
			name: "1x65535-rtt20", about: "one host, all ports, 20 ms round trip",
			targets: one, ports: "1-65535", profile: netbed.Clean(), open: netbed.EveryHost, delay: 10 * time.Millisecond,
			peers: []string{"bare", nmapT5, "masscan", "naabu"},
			goals: []goal{{"slower", "bare", 1.5}, {"recall", "", 1}, noFalse},
		},
		{
			name: "1x65535-connect", about: "one host, all ports, by connecting: without privileges",
			targets: one, ports: "1-65535", profile: netbed.Clean(), open: netbed.EveryHost, connect: true,
			peers: []string{nmapST, "naabu -s c"},
			goals: []goal{{"speed", nmapST, 1.8}, {"recall", "", 1}, noFalse},
		},
		{
			name: "65536x1", about: "65,536 hosts, one port, open on one in 16",
			targets: v4(16), ports: "80", profile: netbed.Sparse(), open: netbed.SparseHost,
			peers: []string{"bare", nmapT5, "masscan", "zmap", "zmap-head", "naabu"},
			goals: []goal{{"speed", "zmap", 1.4}, {"speed", "masscan", 2.5}, {"recall", "", 1}, noFalse},
		},
		{
			name: "256x1000-ipv6", about: "256 hosts, 1,000 ports, clean link, IPv6",
			targets: netip.PrefixFrom(netbed.Targets6.Addr(), 120), profile: netbed.Clean(), open: netbed.EveryHost,
			peers: []string{nmapT5, nmap, "masscan"},
			goals: []goal{{"speed", nmapT5, 1.7}, {"cpu", nmapT5, 0.7}, {"recall", "", 1}, noFalse},
		},
		{
			name: "memory", about: "1,048,576 hosts, one port, one address in 16 answers", rare: true,
			targets: netbed.Wide, ports: "80", profile: netbed.Silent(), open: netbed.SparseHost,
			peers: []string{"masscan", "zmap", "zmap-head"},
			goals: []goal{{"memory", "", 512}, {"recall", "", 1}, noFalse},
		},
	}
}
