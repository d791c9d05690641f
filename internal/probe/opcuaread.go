package probe

// opcuaEndpoint is one way into a server.
type opcuaEndpoint struct {
	uri, productURI, name string // of the application
	certificate           []byte
	mode                  uint32 // 1 None, 2 Sign, 3 SignAndEncrypt
	policy                string // a URI
	tokens                []uint32
}

// opcuaReader takes values in OPC UA's encoding off a message.
//
// Source: OPC 10000-6, section 5.2.2.
type opcuaReader struct{ cursor }

// octets is a string of octets; a length of -1 stands for none.
func (r *opcuaReader) octets() []byte {
	n := int32(r.le32())
	if n < -1 {
		r.bad = true
	}
	if n <= 0 {
		return nil
	}
	return r.bytes(int(n))
}

func (r *opcuaReader) text() string { return clip(oneLine(string(r.octets())), 300) }

func (r *opcuaReader) localized() string {
	mask := r.u8()
	if mask&1 != 0 {
		r.octets()
	}
	if mask&2 != 0 {
		return r.text()
	}
	return ""
}

// node is a numeric node id in one of its three short forms.
func (r *opcuaReader) node() uint32 {
	switch r.u8() {
	case 0:
		return uint32(r.u8())
	case 1:
		r.skip(1)
		return uint32(r.le16())
	case 2:
		r.skip(2)
		return r.le32()
	}
	r.bad = true
	return 0
}

// count is the length of an array, within bounds.
func (r *opcuaReader) count() int {
	n := int32(r.le32())
	if n < -1 || n > 100 {
		r.bad = true
	}
	if r.bad {
		return 0
	}
	return max(int(n), 0)
}

// header reads a response header and reports whether the result is good.
func (r *opcuaReader) header() bool {
	r.skip(8 + 4) // time, number
	result := r.le32()
	if r.u8() != 0 { // diagnostics were not asked for
		r.bad = true
	}
	for range r.count() {
		r.octets()
	}
	r.node()
	if r.u8() != 0 {
		r.bad = true
	}
	return !r.bad && result == 0
}

// parseOPCUAOpen reads the answer to opcuaOpen.
func parseOPCUAOpen(b []byte) (channel, token uint32, ok bool) {
	if len(b) < 8 || string(b[:4]) != "OPNF" {
		return 0, 0, false
	}
	r := &opcuaReader{cursor{b: b[8:]}}
	r.skip(4)
	r.octets()
	r.octets()
	r.octets()
	r.skip(8)
	if r.node() != 449 || !r.header() {
		return 0, 0, false
	}
	r.skip(4)
	channel, token = r.le32(), r.le32()
	return channel, token, !r.bad
}

// parseOPCUAEndpoints reads the answer to opcuaGetEndpoints as far as it came.
//
// Source: OPC 10000-4, sections 5.4.4, 7.10, 7.1 and 7.37.
func parseOPCUAEndpoints(b []byte) ([]opcuaEndpoint, bool) {
	if len(b) < 8 || string(b[:4]) != "MSGF" {
		return nil, false
	}
	r := &opcuaReader{cursor{b: b[8:]}}
	r.skip(16)
	if r.node() != 431 || !r.header() {
		return nil, false
	}
	var out []opcuaEndpoint
	for range r.count() {
		var e opcuaEndpoint
		r.octets() // URL
		e.uri, e.productURI, e.name = r.text(), r.text(), r.localized()
		r.skip(4)  // type
		r.octets() // gateway
		r.octets() // discovery profile
		for range r.count() {
			r.octets()
		}
		e.certificate, e.mode, e.policy = r.octets(), r.le32(), r.text()
		for range r.count() {
			r.octets()
			e.tokens = append(e.tokens, r.le32())
			r.octets()
			r.octets()
			r.octets()
		}
		r.octets() // transport profile
		r.skip(1)  // level
		if r.bad {
			break
		}
		out = append(out, e)
	}
	return out, true
}
