package packet

import "encoding/binary"

var be = binary.BigEndian

// sum adds b up in words of 32 bits. As 2^16 is 1 modulo 2^16-1, the one's
// complement sum may be taken in words of any multiple of 16 bits and folded at
// the end (RFC 1071, section 2); 64 bits hold the carries of 2^32 such words.
func sum(b []byte) uint64 {
	var s uint64
	for len(b) >= 8 {
		s += uint64(be.Uint32(b)) + uint64(be.Uint32(b[4:]))
		b = b[8:]
	}
	if len(b) >= 4 {
		s += uint64(be.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		s += uint64(be.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// checksum is the complement of the sum, folded to 16 bits.
func checksum(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return ^uint16(s)
}
