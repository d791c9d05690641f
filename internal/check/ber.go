package check

// BER encodes a tag and its content, which is the parts one after another, as
// LDAP and SNMP want it.
//
// Source: ITU-T X.690, section 8.1.
func BER(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := []byte{tag}
	if n < 0x80 {
		out = append(out, byte(n))
	} else {
		out = append(out, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// BERNumber encodes a small number that is not negative.
func BERNumber(tag byte, n int) []byte {
	if n < 0x80 {
		return BER(tag, []byte{byte(n)})
	}
	return BER(tag, []byte{byte(n >> 24 & 0x7f), byte(n >> 16), byte(n >> 8), byte(n)})
}

// ReadBER takes the first value off b. It is false for anything that is cut
// short or longer than b.
func ReadBER(b []byte) (tag byte, content, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	tag, size, b := b[0], int(b[1]), b[2:]
	if size >= 0x80 {
		digits := size - 0x80
		if digits == 0 || digits > 4 || len(b) < digits {
			return 0, nil, nil, false
		}
		size = 0
		for _, d := range b[:digits] {
			size = size<<8 | int(d)
		}
		b = b[digits:]
	}
	if size > len(b) {
		return 0, nil, nil, false
	}
	return tag, b[:size], b[size:], true
}
