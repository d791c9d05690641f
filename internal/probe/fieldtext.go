package probe

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

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

// fixedText is the text in a field of fixed size at offset: up to the first
// NUL, without blanks around it. It is "" when the field is not all there.
func fixedText(b []byte, offset, size int) string {
	if offset < 0 || size < 0 || len(b) < offset+size {
		return ""
	}
	return oneLine(padText(b[offset : offset+size]))
}

// zeroText is the text at offset up to the NUL that ends it; "" when no NUL
// follows within 256 bytes.
func zeroText(b []byte, offset int) string {
	if offset < 0 || offset >= len(b) {
		return ""
	}
	text, _, found := bytes.Cut(b[offset:min(len(b), offset+257)], []byte{0})
	if !found {
		return ""
	}
	return oneLine(string(text))
}

// plainText reports whether b is not empty and all of it is printable ASCII.
func plainText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}
