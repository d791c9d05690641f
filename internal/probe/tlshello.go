package probe

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"fmt"
)

// versionSSL3 is SSL 3.0, which crypto/tls does not name without a warning.
const versionSSL3 = 0x0300

// helloCiphers is what a client hello offers up to TLS 1.2: everything that is
// met, the weak and the anonymous included, for the question is what the
// server accepts.
//
// Source: the TLS cipher suites registry of IANA.
var helloCiphers = []uint16{
	0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0xccaa, 0x009e, 0x009f, // AEAD with forward secrecy
	0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0x0033, 0x0039, 0x0067, 0x006b, // CBC with it
	0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, 0x0041, 0x0084, 0x0045, 0x0088, 0x0096, // RSA
	0x0032, 0x0038, 0x0040, 0x006a, 0x00a2, 0x00a3, // DSA
	0x000a, 0x0016, 0x0013, 0xc012, 0xc008, 0x0005, 0x0004, 0xc011, 0xc007, // 3DES, RC4
	0x0009, 0x0015, 0x0012, 0x0003, 0x0006, 0x0008, 0x0014, // DES, export
	0x0034, 0x003a, 0x0018, 0x001b, 0xc018, 0xc019, 0x0001, 0x0002, 0x003b, // anonymous, without encryption
	0x00ff, // renegotiation info
}

var helloCiphers13 = []uint16{0x1301, 0x1302, 0x1303, 0x1304, 0x1305}

// clientHello writes the record of a client hello that offers one version.
//
// Source: RFC 6101, RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2. For TLS
// 1.3 the list of key shares is empty: the server answers with a retry request,
// which names the version as well and needs no arithmetic.
func clientHello(version uint16, name string) []byte {
	legacy, ciphers := min(version, tls.VersionTLS12), helloCiphers
	if version == tls.VersionTLS13 {
		ciphers = helloCiphers13
	}
	body := binary.BigEndian.AppendUint16(nil, legacy)
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	body = append(body, random...)
	body = append(body, 0) // session id
	body = binary.BigEndian.AppendUint16(body, uint16(2*len(ciphers)))
	for _, c := range ciphers {
		body = binary.BigEndian.AppendUint16(body, c)
	}
	body = append(body, 1, 0) // no compression
	if version != versionSSL3 {
		body = appendBlock(body, helloExtensions(version, name))
	}
	record := []byte{0x16, 3, byte(min(version, tls.VersionTLS10))}
	record = binary.BigEndian.AppendUint16(record, uint16(4+len(body)))
	record = append(record, 1, 0, byte(len(body)>>8), byte(len(body)))
	return append(record, body...)
}

func helloExtensions(version uint16, name string) []byte {
	var e []byte
	add := func(kind uint16, value []byte) {
		e = binary.BigEndian.AppendUint16(e, kind)
		e = appendBlock(e, value)
	}
	if name != "" && len(name) < 256 {
		add(0, appendBlock(nil, appendBlock([]byte{0}, []byte(name))))
	}
	add(10, appendBlock(nil, []byte{0, 29, 0, 23, 0, 24, 0, 25, 1, 0, 1, 1})) // groups
	if version < tls.VersionTLS13 {
		add(11, []byte{1, 0}) // uncompressed points
	}
	if version >= tls.VersionTLS12 {
		add(13, appendBlock(nil, []byte{
			4, 3, 5, 3, 6, 3, 8, 7, 8, 8, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 3, 3, 2, 3, 3, 1, 2, 1, 2, 2,
		})) // signature algorithms
	}
	if version == tls.VersionTLS13 {
		add(43, []byte{2, 3, 4})
		add(45, []byte{1, 1})
		add(51, []byte{0, 0})
	}
	return e
}

// appendBlock appends value with its length in two bytes.
func appendBlock(b, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// serverHello is what the plain part of a server's flight tells.
type serverHello struct {
	version, cipher uint16
	chain           [][]byte // empty when the server encrypts it (TLS 1.3) or has none
	ended           bool     // nothing more is to come that could be read
}

// helloDone reports that the flight is complete as far as it can be read.
func helloDone(b []byte) bool {
	if len(b) >= 5 && !isTLS(b) || len(b) >= 7 && b[0] == 0x15 {
		return true
	}
	s, _ := parseServerHello(b)
	return s.ended
}

// parseServerHello reads the records of a server's first flight; false when
// there is no server hello.
func parseServerHello(b []byte) (serverHello, bool) {
	var s serverHello
	var messages []byte
	for len(b) >= 5 && b[0] == 0x16 && b[1] == 3 {
		n := int(binary.BigEndian.Uint16(b[3:]))
		part := b[5:min(5+n, len(b))]
		messages = append(messages, part...)
		b = b[5+len(part):]
	}
	greeted := false
	for len(messages) >= 4 {
		n := int(messages[1])<<16 | int(messages[2])<<8 | int(messages[3])
		if len(messages) < 4+n {
			break
		}
		body := messages[4 : 4+n]
		switch messages[0] {
		case 2:
			greeted = s.readHello(body)
			s.ended = s.version == tls.VersionTLS13
		case 11:
			s.chain = readChain(body)
			s.ended = true
		case 14:
			s.ended = true
		}
		messages = messages[4+n:]
	}
	return s, greeted
}

func (s *serverHello) readHello(b []byte) bool {
	if len(b) < 35 {
		return false
	}
	s.version = binary.BigEndian.Uint16(b)
	b = b[34:] // version, random
	if skip := 1 + int(b[0]); len(b) < skip+3 {
		return false
	} else {
		b = b[skip:] // session id
	}
	s.cipher = binary.BigEndian.Uint16(b)
	b = b[3:]
	if len(b) < 2 {
		return true
	}
	for b = b[2:]; len(b) >= 4; {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if len(b) < 4+n {
			break
		}
		if kind == 43 && n == 2 {
			s.version = binary.BigEndian.Uint16(b[4:])
		}
		b = b[4+n:]
	}
	return true
}

// readChain reads the certificates of a Certificate message up to TLS 1.2.
func readChain(b []byte) [][]byte {
	var out [][]byte
	if len(b) < 3 {
		return nil
	}
	for b = b[3:]; len(b) >= 3 && len(out) < maxChain; {
		n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		if n == 0 || len(b) < 3+n {
			break
		}
		out = append(out, append([]byte(nil), b[3:3+n]...))
		b = b[3+n:]
	}
	return out
}

// cipherName is the registered name where crypto/tls knows it, else the number.
func cipherName(id uint16) string {
	if name := tls.CipherSuiteName(id); name != "" {
		return name
	}
	return fmt.Sprintf("0x%04X", id)
}
