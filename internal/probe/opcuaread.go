package probe

import "encoding/binary"

// opcuaEndpoint is one way into a server.
type opcuaEndpoint struct {
	uri, productURI, name string // of the application
	certificate           []byte
	mode                  uint32 // 1 None, 2 Sign, 3 SignAndEncrypt
	policy                string // a URI
	tokens                []uint32
}

// opcuaReader takes values off a message; after the first that is not there,
// all are empty and bad is true.
//
// Source: OPC 10000-6, section 5.2.2.
type opcuaReader struct {
	b   []byte
	bad bool
}

func (r *opcuaReader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return make([]byte, min(max(n, 0), 16))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *opcuaReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

// bytes is a string of octets; a length of -1 stands for none.
func (r *opcuaReader) bytes() []byte {
	n := int32(r.uint32())
	if r.bad || n <= 0 {
		r.bad = r.bad || n < -1
		return nil
	}
	if int(n) > len(r.b) {
		r.bad = true
		return nil
	}
	return r.take(int(n))
}

func (r *opcuaReader) text() string { return clip(oneLine(string(r.bytes())), 300) }

func (r *opcuaReader) localized() string {
	mask := r.take(1)[0]
	if mask&1 != 0 {
		r.bytes()
	}
	if mask&2 != 0 {
		return r.text()
	}
	return ""
}

// node is a numeric node id in one of its three short forms.
func (r *opcuaReader) node() uint32 {
	switch r.take(1)[0] {
	case 0:
		return uint32(r.take(1)[0])
	case 1:
		r.take(1)
		return uint32(binary.LittleEndian.Uint16(r.take(2)))
	case 2:
		r.take(2)
		return r.uint32()
	}
	r.bad = true
	return 0
}

// count is the length of an array, within bounds.
func (r *opcuaReader) count() int {
	n := int32(r.uint32())
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
	r.take(8 + 4) // time, number
	result := r.uint32()
	if r.take(1)[0] != 0 { // diagnostics were not asked for
		r.bad = true
	}
	for range r.count() {
		r.bytes()
	}
	r.node()
	if r.take(1)[0] != 0 {
		r.bad = true
	}
	return !r.bad && result == 0
}

// parseOPCUAOpen reads the answer to opcuaOpen.
func parseOPCUAOpen(b []byte) (channel, token uint32, ok bool) {
	if len(b) < 8 || string(b[:4]) != "OPNF" {
		return 0, 0, false
	}
	r := &opcuaReader{b: b[8:]}
	r.take(4)
	r.bytes()
	r.bytes()
	r.bytes()
	r.take(8)
	if r.node() != 449 || !r.header() {
		return 0, 0, false
	}
	r.take(4)
	channel, token = r.uint32(), r.uint32()
	return channel, token, !r.bad
}

// parseOPCUAEndpoints reads the answer to opcuaGetEndpoints as far as it came.
//
// Source: OPC 10000-4, sections 5.4.4, 7.10, 7.1 and 7.37.
func parseOPCUAEndpoints(b []byte) ([]opcuaEndpoint, bool) {
	if len(b) < 8 || string(b[:4]) != "MSGF" {
		return nil, false
	}
	r := &opcuaReader{b: b[8:]}
	r.take(16)
	if r.node() != 431 || !r.header() {
		return nil, false
	}
	var out []opcuaEndpoint
	for range r.count() {
		var e opcuaEndpoint
		r.bytes() // URL
		e.uri, e.productURI, e.name = r.text(), r.text(), r.localized()
		r.take(4) // type
		r.bytes() // gateway
		r.bytes() // discovery profile
		for range r.count() {
			r.bytes()
		}
		e.certificate, e.mode, e.policy = r.bytes(), r.uint32(), r.text()
		for range r.count() {
			r.bytes()
			e.tokens = append(e.tokens, r.uint32())
			r.bytes()
			r.bytes()
			r.bytes()
		}
		r.bytes() // transport profile
		r.take(1) // level
		if r.bad {
			break
		}
		out = append(out, e)
	}
	return out, true
}
