package harrier

import (
	"crypto/rand"
	"crypto/sha1" // for names, where version 5 asks for it: nothing rests on its strength
	"encoding/binary"
	"encoding/hex"
	"time"
)

// ID is the small integer name of an entity: positive, unique per kind and
// never reused. Zero means none.
type ID int64

// UUID is the long name of an entity, time-ordered (RFC 9562 version 7). The
// zero value means none and prints as the empty string.
type UUID [16]byte

// NewUUID returns a version 7 UUID for the instant now.
func NewUUID(now time.Time) UUID {
	var u UUID
	binary.BigEndian.PutUint64(u[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(u[6:]) // never fails: crypto/rand aborts the program instead
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}

// ParseUUID reads the 8-4-4-4-12 form in either case. It answers Invalid for
// anything else.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, Errorf(Invalid, "%q is not a UUID", s)
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(u[:], []byte(digits)); err != nil {
		return UUID{}, Errorf(Invalid, "%q is not a UUID", s)
	}
	return u, nil
}

// IsZero reports whether u names nothing.
func (u UUID) IsZero() bool { return u == UUID{} }

// String returns the lower-case 8-4-4-4-12 form, or "" for the zero UUID.
func (u UUID) String() string {
	if u.IsZero() {
		return ""
	}
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// MarshalText writes the form of String.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what MarshalText writes. It answers Invalid for anything
// else.
func (u *UUID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*u = UUID{}
		return nil
	}
	parsed, err := ParseUUID(string(text))
	if err != nil {
		return err
	}
	*u = parsed
	return nil
}

// NamedUUID returns the UUID that belongs to a name for ever, on every
// installation: the SHA-1 of Harrier's own name space and the name (RFC 9562
// version 5). Vulnerabilities get theirs from their slug.
func NamedUUID(name string) UUID {
	space := sha1.Sum([]byte("https://github.com/harrier-scan/harrier/vulnerability"))
	sum := sha1.Sum(append(space[:16:16], name...))
	u := UUID(sum[:16])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}
