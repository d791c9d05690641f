package ports

import (
	"encoding/hex"
	"strings"
)

// Question is what is sent to a UDP port: a harmless request of the protocol
// that usually lives there, or nothing at all (an empty datagram, which still
// makes a closed port say so).
func Question(port uint16) []byte { return questions[port] }

// secondQuestion is what is sent to a port that did not answer the first one:
// for most protocols the same again.
func secondQuestion(port uint16) []byte {
	if port == 161 {
		return snmpDiscovery
	}
	return Question(port)
}

// snmpDiscovery asks an agent of version 3 for its engine, which needs no
// community: many agents answer nothing else.
//
// Source: RFC 3414, section 4.
var snmpDiscovery = unhex("303a 020103 300f 02024852 020300ffe3 040104 020103 0410 300e 0400 020100 020100 0400 0400 0400 3012 0400 0400 a00c 02024852 020100 020100 3000")

// questions are the requests by port. They read, they change nothing, and none
// asks for an answer that is many times its size.
var questions = byPort(questionList)

var questionList = []question{
	{"echo, discard, chargen", []uint16{7, 9, 19}, []byte("\r\n")},
	{"daytime, quote, time", []uint16{13, 17, 37}, []byte("\r\n")},
	// A standard query for the version of the server (RFC 4892).
	{"dns", []uint16{53, 5353, 5355}, unhex("4852 0100 0001 0000 0000 0000 0776657273696f6e 0462696e64 00 0010 0003")},
	// DHCPINFORM would be answered to the address inside; a request that is too
	// short only tells an open port from a closed one.
	{"dhcp", []uint16{67, 68}, nil},
	// A read request for a file that does not exist (RFC 1350).
	{"tftp", []uint16{69}, []byte("\x00\x01harrier-no-such-file\x00octet\x00")},
	// NULL call to the portmapper, version 2 (RFC 5531).
	{"rpcbind", []uint16{111, 2049, 32768}, unhex("48520001 00000000 00000002 000186a0 00000002 00000000 00000000 00000000 00000000 00000000")},
	// Client request, version 4 (RFC 5905).
	{"ntp", []uint16{123}, append(unhex("23000000"), make([]byte, 44)...)},
	// Node status request for any name (RFC 1002).
	{"netbios", []uint16{137}, unhex("4852 0010 0001 0000 0000 0000 20 434b 414141414141414141414141414141414141414141414141414141414141 00 0021 0001")},
	// GetRequest of sysDescr.0 with the community public, version 2c.
	{"snmp", []uint16{161, 162, 1993}, unhex("3029 020101 0406 7075626c6963 a01c 02044852 0001 020100 020100 300e 300c 0608 2b06010201010100 0500")},
	// CLDAP search of the root entry for one attribute.
	{"cldap", []uint16{389}, unhex("3025 020101 6320 0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374436c617373 3000")},
	// IKE main mode with one proposal (RFC 2409).
	{"ike", []uint16{500}, unhex("4852000000000001 0000000000000000 01100200 00000000 00000050 00000034 00000001 00000001 00000028 01010001 00000020 01010000 80010007 800e0100 80020002 80030001 80040002 800b0001")},
	{"ike nat-t", []uint16{4500}, unhex("00000000 4852000000000001 0000000000000000 01100200 00000000 0000001c")},
	// RIP version 2 request for the whole table (RFC 2453).
	{"rip", []uint16{520}, unhex("01020000 00000000 00000000 00000000 00000000 00000010")},
	// Presence ping (ASF 2.0).
	{"ipmi", []uint16{623, 664}, unhex("0600ff06 000011be 80000000")},
	// Client hard reset, the first packet of a session.
	{"openvpn", []uint16{1194}, unhex("38 4852484852485248 00 00000000")},
	// A browser's ping for instances.
	{"mssql browser", []uint16{1434}, unhex("02")},
	// Access-Request that no server has the secret of.
	{"radius", []uint16{1645, 1812, 1813}, unhex("01 48 0014 00000000000000000000000000000000")},
	// Start-Control-Connection-Request with the mandatory parts (RFC 2661).
	{"l2tp", []uint16{1701}, unhex("c802 0014 0000 0000 0000 0000 8008 0000 0000 0001")},
	{"ssdp", []uint16{1900}, []byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n")},
	// Echo request of GTP version 1.
	{"gtp", []uint16{2123, 2152}, unhex("32010004 00000000 00000000")},
	// Binding request (RFC 8489).
	{"stun", []uint16{3478, 5349}, unhex("0001 0000 2112a442 485248524852485248524852")},
	{"sip", []uint16{5060}, []byte("OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/UDP nm;branch=z9hG4bKhr;rport\r\nFrom: <sip:nm@nm>;tag=hr\r\nTo: <sip:nm@nm>\r\n" +
		"Call-ID: 4852\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")},
	// External address request (RFC 6886).
	{"nat-pmp", []uint16{5351}, unhex("0000")},
	// GET /.well-known/core (RFC 6690).
	{"coap", []uint16{5683}, unhex("40014852 bb2e77656c6c2d6b6e6f776e 04636f7265")},
	{"memcached", []uint16{11211}, append(unhex("48520000 00010000"), "version\r\n"...)},
	// Server list of the A2S query.
	{"source engine", []uint16{27015}, append(unhex("ffffffff54"), "Source Engine Query\x00"...)},
	// Who-is, global broadcast in a unicast datagram (BACnet Annex J).
	{"bacnet", []uint16{47808}, unhex("810a0011 0104 0005 010c 0c 023fffff 194b")},
	// Initiation of a handshake is silent unless the keys fit: only closed ports tell.
	{"wireguard", []uint16{51820}, nil},
}

// question is what is asked at some ports.
type question struct {
	protocol string
	ports    []uint16
	data     []byte
}

func byPort(list []question) map[uint16][]byte {
	out := map[uint16][]byte{}
	for _, q := range list {
		for _, p := range q.ports {
			out[p] = q.data
		}
	}
	return out
}

// unhex reads hexadecimal digits with blanks between them. The texts are
// constant, and a test reads them all.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}
