package question

import (
	"slices"
	"testing"
)

func TestQuestionList(t *testing.T) {
	seen := map[uint16][]string{}
	names := map[string]bool{}
	asked := 0
	for _, q := range List {
		if q.Protocol == "" || len(q.Ports) == 0 || names[q.Protocol] {
			t.Errorf("%q is no name of its own, or has no port", q.Protocol)
		}
		names[q.Protocol] = true
		if len(q.Data) > 0 {
			asked++
		}
		for i, d := range q.Data {
			if len(d) == 0 || len(d) > 1232 { // what any path takes in one piece: RFC 8200, section 5
				t.Errorf("question %d of %s has %d bytes", i, q.Protocol, len(d))
			}
			if slices.ContainsFunc(q.Data[:i], func(other []byte) bool { return string(other) == string(d) }) {
				t.Errorf("question %d of %s repeats another", i, q.Protocol)
			}
		}
		for _, p := range q.Ports {
			seen[p] = append(seen[p], q.Protocol)
		}
	}
	if asked < 55 {
		t.Errorf("%d protocols have a question; want 55", asked)
	}
	shared := map[uint16][]string{443: {"quic", "dtls"}, 853: {"quic", "dtls"}, 5349: {"dtls", "stun"}}
	for p, protocols := range seen {
		if len(protocols) > 1 && !slices.Equal(protocols, shared[p]) {
			t.Errorf("port %d is asked %v; want one protocol", p, protocols)
		}
	}
}

func TestQuestionsOf(t *testing.T) {
	for _, c := range []struct {
		port      uint16
		try, want int
	}{
		{161, 0, 1},
		{161, 1, 2},
		{161, 2, 1},
		{161, 255, 1},
		{69, 0, 1},
		{69, 1, 1},
		{443, 1, 1},
		{1, 0, 1},
		{1, 1, 1},
		{1, 9, 1},
	} {
		if got := Try(c.port, c.try); len(got) != c.want {
			t.Errorf("Try(%d, %d) = %d datagrams; want %d", c.port, c.try, len(got), c.want)
		}
	}
	if q := First(51820); q != nil {
		t.Errorf("First(51820) = %x; want nothing", q)
	}
}

// What the recognisers of answers from other ports take is of a form that they
// promise, whatever comes.
func FuzzElsewhere(f *testing.F) {
	f.Add([]byte("\x00\x05\x00\x01File not found\x00"))
	f.Add([]byte("\x00\x03\x00\x01contents"))
	f.Add([]byte("\x00\x06tsize\x00100\x00"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"))
	f.Add([]byte("<d:ProbeMatches xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches\">"))
	f.Fuzz(func(t *testing.T, b []byte) {
		matched := 0
		for _, e := range elsewhere {
			if e.Elsewhere(b) {
				matched++
			}
		}
		if TFTPAnswer(b) && (len(b) > 516 && b[1] == 3 || b[0] != 0 || b[1] < 3 || b[1] > 6 || b[1] == 4) {
			t.Errorf("%x is taken for an answer of TFTP", b)
		}
		if matched > 1 && !WSDAnswer(b) { // which looks for a name anywhere
			t.Errorf("%q is taken for %d protocols", b, matched)
		}
	})
}

func TestElsewhere(t *testing.T) {
	for answer, want := range map[string][3]bool{
		"\x00\x05\x00\x01File not found\x00":                            {true, false, false},
		"\x00\x05\x00\x01two\x00texts\x00":                              {},
		"\x00\x05\x00\x09no such code\x00":                              {},
		"\x00\x05\x00\x01unended":                                       {},
		"\x00\x03\x00\x01":                                              {},
		"\x00\x03\x00\x01x":                                             {true, false, false},
		"\x00\x03\x00\x02x":                                             {},
		"\x00\x06blksize\x00512\x00":                                    {true, false, false},
		"\x00\x06blksize\x00512":                                        {},
		"HTTP/1.1 200 OK\r\nst: upnp:rootdevice\r\nusn: uuid:1\r\n\r\n": {false, true, false},
		"HTTP/1.1 404 Not Found\r\n\r\n":                                {},
		"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches": {false, false, true},
		"": {},
	} {
		if got := [3]bool{TFTPAnswer([]byte(answer)), SSDPAnswer([]byte(answer)), WSDAnswer([]byte(answer))}; got != want {
			t.Errorf("recognised %q as %v; want %v", answer, got, want)
		}
	}
}
