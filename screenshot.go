package harrier

import (
	"bytes"
	"time"
)

// MaxScreenshot bounds a picture of a page, in bytes.
const MaxScreenshot = 200 << 10

// Screenshot is a picture of a page of an attack surface.
type Screenshot struct {
	Node Node      `json:"node"` // the page, a URL
	At   time.Time `json:"at"`
	WebP []byte    `json:"webp"`
}

// Check answers Invalid for what is no WebP, or too large.
func (s Screenshot) Check() error {
	switch b := s.WebP; {
	case len(b) > MaxScreenshot:
		return Invalidf("webp", "is larger than %d bytes", MaxScreenshot)
	case len(b) < 12 || !bytes.HasPrefix(b, []byte("RIFF")) || string(b[8:12]) != "WEBP":
		return Invalidf("webp", "is no WebP")
	}
	return nil
}
