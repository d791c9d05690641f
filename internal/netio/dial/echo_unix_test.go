//go:build unix

package dial

import (
	"bytes"
	"testing"
)

// Only a reply with the cookie in its place is one to us.
func FuzzReply(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, reply := range []byte{0, 129} {
			p := &ping{reply: reply, cookie: [8]byte([]byte("cookie!!"))}
			seq, ok := p.parse(data)
			i := bytes.LastIndex(data, p.cookie[:])
			if ok && (i < 8 || !bytes.Contains(data, []byte{byte(seq >> 8), byte(seq), 'c', 'o', 'o', 'k', 'i', 'e', '!', '!'})) {
				t.Errorf("parse(%x) = %d without a cookie after it", data, seq)
			}
		}
	})
}

func TestReply(t *testing.T) {
	p := &ping{reply: 0, cookie: [8]byte([]byte("cookie!!"))}
	header := "E" + string(make([]byte, 19)) // of IPv4, without options
	for data, want := range map[string]bool{
		"\x00\x00ccii\x12\x34cookie!!":              true,
		header + "\x00\x00ccii\x12\x34cookie!!":     true, // macOS
		"\x00\x00ccii\x12\x34cookie!!more":          true,
		"\x08\x00ccii\x12\x34cookie!!":              false, // a request
		"\x00\x01ccii\x12\x34cookie!!":              false, // no such code
		"\x00\x00ccii\x12\x34cookie!":               false,
		"\x00\x00ccii\x12\x34cookiexx":              false,
		header + "\x00\x00ccii\x12\x34cookie":       false,
		"O" + string(make([]byte, 10)) + "cookie!!": false, // a header longer than all
		"": false,
	} {
		if seq, ok := p.parse([]byte(data)); ok != want || ok && seq != 0x1234 {
			t.Errorf("parse(%q) = %#x, %v; want %v", data, seq, ok, want)
		}
	}
}

// Source: RFC 1071, section 3.
func TestChecksum(t *testing.T) {
	data := []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}
	if got := checksum(data); got != ^uint16(0xddf2) {
		t.Errorf("checksum = %#x; want %#x", got, ^uint16(0xddf2))
	}
}
