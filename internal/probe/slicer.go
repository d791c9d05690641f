package probe

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// slicer cuts fields off the front of a message. After one that is not there it
// gives nothing but zeros, and failed is set.
type slicer struct {
	b      []byte
	failed bool
}

// take returns the next n bytes.
func (s *slicer) take(n int) []byte {
	if s.failed || n < 0 || n > len(s.b) {
		s.failed = true
		return nil
	}
	out := s.b[:n]
	s.b = s.b[n:]
	return out
}

func (s *slicer) skip(n int) { s.take(n) }

func (s *slicer) u8() int {
	if b := s.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (s *slicer) u16() int {
	if b := s.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (s *slicer) u32() uint32 {
	if b := s.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// le16 and le32 are numbers with the low byte first.
func (s *slicer) le16() int {
	if b := s.take(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (s *slicer) le32() uint32 {
	if b := s.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// zero returns the text up to the next zero byte, which is taken as well.
func (s *slicer) zero() string {
	for i, c := range s.b {
		if c == 0 {
			out := string(s.b[:i])
			s.b = s.b[i+1:]
			return out
		}
	}
	s.failed = true
	return ""
}

// macText writes a hardware address; "" when it is all zero or of another length.
func macText(b []byte) string {
	if len(b) != 6 || string(b) == "\x00\x00\x00\x00\x00\x00" {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5])
}

// macOf is a hardware address that a text gives; "" when it is none.
func macOf(text string) string {
	b, err := net.ParseMAC(text)
	if err != nil {
		return ""
	}
	return macText(b)
}

// addrText writes an address of 4 or 16 bytes; "" for any other.
func addrText(b []byte) string {
	a, ok := netip.AddrFromSlice(b)
	if !ok || a.IsUnspecified() {
		return ""
	}
	return a.String()
}

// padText is the text of a field that zeros or blanks fill up.
func padText(b []byte) string {
	text, _, _ := strings.Cut(string(b), "\x00")
	return strings.TrimSpace(clean(text))
}
