package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestMentioned(t *testing.T) {
	for text, want := range map[string]string{
		`shodan-query: port:"2375"`:          "2375/tcp",
		"    port: 25,2525":                  "25/tcp 2525/tcp",
		`fofa: port="9042" && app="x"`:       "9042/tcp",
		`- "{{Hostname}}:7001"`:              "7001/tcp",
		"listens on UDP port 5353":           "5353/udp",
		"on TCP ports 80 and 81":             "80/tcp",
		"open 53/udp and 22/TCP":             "22/tcp 53/udp",
		"port 99999, port 0, export 22, 1/2": "",
		"port 443 and again port 443":        "443/tcp",
	} {
		var got []string
		for _, e := range slices.SortedFunc(maps.Keys(mentioned([]byte(text))), harrier.Endpoint.Compare) {
			got = append(got, e.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("mentioned(%q) = %v; want %s", text, got, want)
		}
	}
}

func TestRanked(t *testing.T) {
	at := func(n uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: n} }
	scores := map[harrier.Endpoint]int{at(7): 9, at(8): 1, at(5): 1, at(80): 50, {Protocol: harrier.UDP, Port: 3}: 99}
	got, err := ranked("# head\n443 80 443\nmore\n8 1000-1001 # habit\n", harrier.TCP, scores)
	if want := []uint16{443, 80, 7, 8, 1000, 1001, 5}; err != nil || !slices.Equal(got, want) {
		t.Errorf("ranked = %v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"80 x", "0", "80\nmore\n70000"} {
		if got, err := ranked(bad, harrier.TCP, map[harrier.Endpoint]int{}); err == nil {
			t.Errorf("ranked(%q) = %v; want an error", bad, got)
		}
	}
}

// TestHeads: a port stands once in the head of its list, and the committed
// table begins with it.
func TestHeads(t *testing.T) {
	for proto, text := range map[harrier.Protocol]string{harrier.TCP: headTCP, harrier.UDP: headUDP} {
		head, _, _ := strings.Cut(uncommented(text), "more")
		list, err := ranked(head, proto, map[harrier.Endpoint]int{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(strings.Fields(head)); n != len(list) {
			t.Errorf("%s: %d ports stand twice", proto, n-len(list))
		}
		if got := harrier.TopPorts(proto, len(list)); !slices.Equal(got, list) {
			t.Errorf("%s: the table does not begin with the list: make it again", proto)
		}
	}
}

// TestProbesAreRanked: a short scan asks where the probes know what to say.
func TestProbesAreRanked(t *testing.T) {
	tops := map[harrier.Protocol][]uint16{harrier.TCP: harrier.TopPorts(harrier.TCP, 1000), harrier.UDP: harrier.TopPorts(harrier.UDP, 250)}
	for e := range probed() {
		if !slices.Contains(tops[e.Protocol], e.Port) {
			t.Errorf("%s is where a probe looks, and not among the top ports", e)
		}
	}
}
