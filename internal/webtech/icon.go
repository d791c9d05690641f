package webtech

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Icon is the hashes of an icon as search engines and rules write them.
type Icon struct {
	MD5, SHA256 string // lower-case hex
	MMH3        int32  // see MMH3 over Base64Lines
}

// HashIcon hashes the bytes of an icon.
func HashIcon(b []byte) Icon {
	m, s := md5.Sum(b), sha256.Sum256(b)
	return Icon{MD5: hex.EncodeToString(m[:]), SHA256: hex.EncodeToString(s[:]), MMH3: MMH3(Base64Lines(b))}
}

// Base64Lines encodes as MIME does: a line break after each 76 characters and
// at the end. The hash of icons is made of that form.
//
// Source: RFC 2045, section 6.8.
func Base64Lines(b []byte) []byte {
	var out bytes.Buffer
	const row = 57 // bytes that make 76 characters
	for len(b) > 0 {
		n := min(row, len(b))
		out.WriteString(base64.StdEncoding.EncodeToString(b[:n]))
		out.WriteByte('\n')
		b = b[n:]
	}
	return out.Bytes()
}

// MMH3 is the 32-bit MurmurHash3 for x86 with seed 0, as a signed number.
//
// Source: the reference implementation's description, MurmurHash3_x86_32.
func MMH3(b []byte) int32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	var h uint32
	n := uint32(len(b)) //nolint:gosec // the hash takes the length modulo 2^32
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(b)), 13)*5 + 0xe6546b64
	}
	var tail uint32
	for i := len(b) - 1; i >= 0; i-- {
		tail = tail<<8 | uint32(b[i])
	}
	h ^= mix(tail)
	h ^= n
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return int32(h ^ h>>16) //nolint:gosec // signed by convention
}
