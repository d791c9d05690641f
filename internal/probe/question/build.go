package question

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// ID is the number of messages that have one, RPCID that of remote calls: what
// comes back with it answers a question of this list.
const (
	ID    = 0x6872
	RPCID = 0x68720001
)

// unhex reads hexadecimal digits with blanks between them. The texts are
// constant, and a test reads them all.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// data is the questions of one protocol.
func data(questions ...[]byte) [][]byte { return questions }

// concat joins parts: hexadecimal digits as strings, bytes as they are.
func concat(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, unhex(p)...)
		case []byte:
			out = append(out, p...)
		default:
			panic("neither digits nor bytes")
		}
	}
	return out
}

// text is s as bytes.
func text(s string) []byte { return []byte(s) }

// lines is the lines of a text protocol, each with its end, and an empty one.
func lines(l ...string) []byte { return []byte(strings.Join(l, "\r\n") + "\r\n\r\n") }

// padded is b with zeros up to n bytes.
func padded(b []byte, n int) []byte { return append(slices.Clip(b), make([]byte, n-len(b))...) }

// counted is b after its length in two bytes, as TLS and DNS count.
func counted(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// BER writes an element of ASN.1's basic encoding.
//
// Source: ITU-T X.690, section 8.1.
func BER(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
}

// Tags of ASN.1.
const (
	berInteger     = 0x02
	berOctets      = 0x04
	berNull        = 0x05
	berOID         = 0x06
	berEnumerated  = 0x0a
	berUTF8        = 0x1b // GeneralString, to be exact
	berTime        = 0x18
	berBits        = 0x03
	berSequence    = 0x30
	berApplication = 0x60 // constructed; + the number
	berContext     = 0xa0 // constructed; + the number
)

// berInt is a small number that is not negative.
func berInt(n uint16) []byte {
	b := []byte{byte(n >> 8), byte(n)}
	if b[0] == 0 && b[1] < 0x80 {
		b = b[1:]
	} else if b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return BER(berInteger, b)
}

// snmpGet is a GetRequest of the objects of the group system with the community
// public; version is 0 for 1 and 1 for 2c. An agent of version 1 that lacks one
// of them answers with none, so that it is asked only for what all have.
//
// Source: RFC 1157, section 4.1; RFC 3416, section 4.2.1; RFC 3418, section 2.
func snmpGet(version uint16, objects ...byte) []byte {
	var list []byte
	for _, o := range objects {
		list = append(list, BER(berSequence, BER(berOID, concat("2b0601020101", []byte{o, 0})), BER(berNull))...)
	}
	return BER(berSequence, berInt(version), BER(berOctets, text("public")),
		BER(berContext+0, berInt(ID), berInt(0), berInt(0), BER(berSequence, list)))
}

// snmpDiscovery asks an agent of version 3 for its engine, which needs no
// community: many agents answer nothing else.
//
// Source: RFC 3412, section 6; RFC 3414, section 4.
func snmpDiscovery() []byte {
	none := BER(berOctets)
	security := BER(berSequence, none, berInt(0), berInt(0), none, none, none)
	return BER(berSequence, berInt(3),
		BER(berSequence, berInt(ID), BER(berInteger, unhex("00ffe3")), BER(berOctets, unhex("04")), berInt(3)),
		BER(berOctets, security),
		BER(berSequence, none, none, BER(berContext+0, berInt(ID), berInt(0), berInt(0), BER(berSequence))))
}

// cldapSearch is a search of the root entry by a filter for some attributes.
//
// Source: RFC 4511, section 4.5.1; over UDP as in [MS-ADTS] section 6.3.3.
func cldapSearch(filter []byte, attributes ...string) []byte {
	var list []byte
	for _, a := range attributes {
		list = append(list, BER(berOctets, text(a))...)
	}
	return BER(berSequence, berInt(ID), BER(berApplication+3,
		BER(berOctets), BER(berEnumerated, unhex("00")), BER(berEnumerated, unhex("00")), // the root, it alone, no aliases
		berInt(0), berInt(0), BER(0x01, unhex("00")), filter, BER(berSequence, list)))
}

// kerberosRequest asks for a ticket for a principal that does not exist.
//
// Source: RFC 4120, sections 5.2 and 5.4.1.
func kerberosRequest() []byte {
	in := func(n byte, b []byte) []byte { return BER(berContext+n, b) }
	name := func(kind uint16, parts ...string) []byte {
		var list []byte
		for _, p := range parts {
			list = append(list, BER(berUTF8, text(p))...)
		}
		return BER(berSequence, in(0, berInt(kind)), in(1, BER(berSequence, list)))
	}
	body := BER(berSequence,
		in(0, BER(berBits, unhex("0000000000"))),
		in(1, name(1, "hr")),
		in(2, BER(berUTF8, text("HR"))),
		in(3, name(2, "krbtgt", "HR")),
		in(5, BER(berTime, text("20370913024805Z"))),
		in(7, berInt(0x4852)),
		in(8, BER(berSequence, berInt(18), berInt(17), berInt(23))))
	return BER(berApplication+10, BER(berSequence, in(1, berInt(5)), in(2, berInt(10)), in(4, body)))
}

// RPC is a call of a program's procedure without arguments and credentials, by
// the transaction RPCID.
//
// Source: RFC 5531, section 9.
func RPC(program, version, procedure uint32) []byte {
	var b []byte
	for _, v := range []uint32{RPCID, 0, 2, program, version, procedure} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return padded(b, 40)
}

// DNS is a question without recursion, by the number ID.
//
// Source: RFC 1035, section 4.1.
func DNS(name string, kind, class uint16) []byte {
	return concat(binary.BigEndian.AppendUint16(nil, ID), "0000 0001 0000 0000 0000", DNSQuestion(name, kind, class))
}

// DNSQuestion is what a message asks, without the message.
func DNSQuestion(name string, kind, class uint16) []byte {
	var b []byte
	for label := range strings.SplitSeq(name, ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	b = binary.BigEndian.AppendUint16(append(b, 0), kind)
	return binary.BigEndian.AppendUint16(b, class)
}

// netbiosStatus is a node status request for the name of all.
//
// Source: RFC 1001, section 14.1; RFC 1002, section 4.2.17.
func netbiosStatus() []byte {
	return concat(binary.BigEndian.AppendUint16(nil, ID), "0000 0001 0000 0000 0000 20 434b", bytes.Repeat(text("A"), 30), "00 0021 0001")
}

// ikeHeader is the header of an IKE message before body.
//
// Source: RFC 2408, section 3.1; RFC 7296, section 3.1.
func ikeHeader(next, version, exchange, flags byte, body []byte) []byte {
	b := concat("4852000000000001 0000000000000000", []byte{next, version, exchange, flags}, "00000000")
	b = binary.BigEndian.AppendUint32(b, uint32(28+len(body)))
	return append(b, body...)
}

// ikePayload is an IKE payload that the payload next follows.
func ikePayload(next byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{next, 0}, uint16(4+len(body))), body...)
}

// ike1 begins main mode with two proposals: AES-256, SHA-256, group 14, and
// 3DES, SHA-1, group 2, both with a shared key.
//
// Source: RFC 2408, sections 3.4-3.6; RFC 2409, appendix A; RFC 2407, section 4.6.1.
func ike1() []byte {
	life := "800b0001 800c7080"
	first := ikePayload(3, concat("01 01 0000 80010007 800e0100 80020004 80030001 8004000e", life))
	second := ikePayload(0, concat("02 01 0000 80010005 80020002 80030001 80040002", life))
	proposal := ikePayload(0, concat("01 01 00 02", first, second))
	return ikeHeader(1, 0x10, 2, 0, ikePayload(0, concat("00000001 00000001", proposal)))
}

// ike2 begins version 2 with AES-CBC-256, HMAC-SHA-256 and group 14. The public
// value is any number of the group.
//
// Source: RFC 7296, sections 1.2, 3.3, 3.4 and 3.9.
func ike2() []byte {
	transforms := concat(ikePayload(3, unhex("01 00 000c 800e0100")), ikePayload(3, unhex("02 00 0005")),
		ikePayload(3, unhex("03 00 000c")), ikePayload(0, unhex("04 00 000e")))
	proposal := ikePayload(0, concat("01 01 00 04", transforms))
	exchange := concat("000e 0000", bytes.Repeat(text("HR"), 128))
	return ikeHeader(33, 0x20, 34, 0x08, concat(ikePayload(34, proposal), ikePayload(40, exchange), ikePayload(0, bytes.Repeat(text("hr"), 16))))
}

// dtlsHello is a ClientHello of DTLS 1.2 without a cookie; servers answer with
// a small HelloVerifyRequest and keep nothing.
//
// Source: RFC 6347, sections 4.1-4.2; RFC 5246, section 7.4.1.
func dtlsHello() []byte {
	suites := counted(unhex("c02b c02f c02c c030 c009 c013 c00a c014 009c 009d 002f 0035 c0ae 00ff"))
	extension := func(kind string, body []byte) []byte { return concat(kind, counted(body)) }
	extensions := counted(concat(
		extension("000a", counted(unhex("001d 0017 0018"))),                               // groups
		extension("000b", unhex("0100")),                                                  // point formats
		extension("000d", counted(unhex("0403 0503 0603 0804 0805 0806 0401 0501 0201"))), // signatures
	))
	hello := concat("fefd", bytes.Repeat(text("harrier."), 4), "00 00", suites, "0100", extensions)
	size := []byte{0, byte(len(hello) >> 8), byte(len(hello))}
	handshake := concat("01", size, "0000 000000", size, hello)
	return concat("16 feff 0000 000000000000", counted(handshake))
}

// quicInitial is the least datagram that a QUIC server must answer, of a version
// that is reserved to make it name those that it speaks.
//
// Source: RFC 8999, section 5.1; RFC 9000, sections 6.1, 14.1 and 15.
func quicInitial() []byte {
	return padded(concat("c0 1a2a3a4a 08 4852484852484852 08 6872686872686872"), 1200)
}

// l2tpStart is a Start-Control-Connection-Request.
//
// Source: RFC 2661, sections 3.1, 4.4 and 6.1.
func l2tpStart() []byte {
	avp := func(kind, value string) []byte {
		v := unhex(value)
		return concat([]byte{0x80, byte(6 + len(v))}, "0000", kind, v) // mandatory
	}
	body := concat(avp("0000", "0001"), avp("0002", "0100"), avp("0003", "00000003"), avp("0007", "6872"), avp("0009", "4852"))
	return concat("c802", []byte{0, byte(12 + len(body))}, "0000 0000 0000 0000", body)
}

// dnp3Link asks a DNP3 outstation's link layer for its state.
//
// Source: IEEE 1815, sections 9.2.4 and 9.2.5 (with the CRC that it names).
func dnp3Link() []byte {
	b := unhex("0564 05 c9 0000 0100")
	return binary.LittleEndian.AppendUint16(b, DNP3Sum(b))
}

// DNP3Sum is the checksum of a DNP3 block.
//
// Source: IEEE 1815, section 9.2.4.3.
func DNP3Sum(block []byte) uint16 {
	crc := uint16(0)
	for _, octet := range block {
		crc ^= uint16(octet)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xa6bc
			} else {
				crc >>= 1
			}
		}
	}
	return ^crc
}

// kasa is a message of TP-Link's smart plugs: each byte is masked by the one
// before.
func kasa(s string) []byte {
	b, mask := []byte(s), byte(171)
	for i := range b {
		b[i] ^= mask
		mask = b[i]
	}
	return b
}

// TFTPAnswer recognises what a TFTP server sends from its port for a transfer:
// an error, the first block, or accepted options.
//
// Source: RFC 1350, sections 4 and 5; RFC 2347.
func TFTPAnswer(b []byte) bool {
	if len(b) < 5 || b[0] != 0 {
		return false
	}
	switch last := b[len(b)-1]; b[1] {
	case 3: // data
		return b[2] == 0 && b[3] == 1 && len(b) <= 4+512
	case 5: // error
		return b[2] == 0 && b[3] <= 8 && last == 0 && bytes.IndexByte(b[4:], 0) == len(b)-5
	case 6: // options
		return last == 0 && bytes.Count(b[2:], []byte{0})%2 == 0
	}
	return false
}

// SSDPAnswer recognises the answer to a search, which devices may give from any
// port.
//
// Source: UPnP Device Architecture 1.1, section 1.3.3.
func SSDPAnswer(b []byte) bool {
	return bytes.HasPrefix(b, text("HTTP/1.1 200")) && bytes.Contains(bytes.ToUpper(b), text("\r\nST:")) && bytes.Contains(bytes.ToUpper(b), text("\r\nUSN:"))
}

// WSDAnswer recognises the answer to a probe, which devices may give from any
// port.
//
// Source: WS-Discovery (April 2005), section 5.3.
func WSDAnswer(b []byte) bool {
	return bytes.Contains(b, text("http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches"))
}

// SLP is a request of version 2 with the number ID, in English: its function and
// the texts that this one takes, each after its length.
//
// Source: RFC 2608, sections 8, 8.1, 10.3 and 10.1.
func SLP(function byte, fields ...string) []byte {
	body := concat(binary.BigEndian.AppendUint16(nil, ID), counted(text("en")))
	for _, f := range fields {
		body = append(body, counted(text(f))...)
	}
	size := 10 + len(body)
	return concat([]byte{2, function, 0, byte(size >> 8), byte(size)}, "0000 000000", body)
}
