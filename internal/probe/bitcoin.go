package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"github.com/harrier-scan/harrier"
)

// bitcoinProtocol is that of Bitcoin's network and its kin; nodes say who they
// are in the first message.
//
// Source: Bitcoin developer reference, P2P network, message headers and "version".
var bitcoinProtocol = Protocol{
	Name: "bitcoin", Transport: harrier.TCP, Ports: []uint16{8333, 18333, 38333, 48333, 18444, 9333, 22556},
	Hello: func(t Target) []byte { return bitcoinMessage(bitcoinMagic(t.Port), "version", bitcoinHello()) },
	Done: func(b []byte) bool {
		return len(b) >= 24 && uint64(len(b)) >= 24+uint64(binary.LittleEndian.Uint32(b[16:]))
	},
	Reply: func(b []byte) bool { _, ok := parseBitcoin(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		v, _ := parseBitcoin(first)
		x.s.Banner = clip(v.agent, maxBanner)
		x.fact("bitcoin.agent", v.agent)
		x.fact("bitcoin.protocol", strconv.Itoa(int(v.protocol)))
		x.fact("bitcoin.height", strconv.Itoa(int(v.height)))
		x.fact("bitcoin.network", bitcoinNetworks[string(first[:4])])
		x.tell("bitcoin", v.agent)
	},
}

// bitcoinNetworks names the networks by the octets that begin their messages.
var bitcoinNetworks = map[string]string{
	"\xf9\xbe\xb4\xd9": "bitcoin", "\x0b\x11\x09\x07": "bitcoin-testnet3", "\x1c\x16\x3f\x28": "bitcoin-testnet4", "\x0a\x03\xcf\x40": "bitcoin-signet",
	"\xfa\xbf\xb5\xda": "bitcoin-regtest", "\xfb\xc0\xb6\xdb": "litecoin", "\xc0\xc0\xc0\xc0": "dogecoin",
}

func bitcoinMagic(port uint16) string {
	switch port {
	case 18333:
		return "\x0b\x11\x09\x07"
	case 48333:
		return "\x1c\x16\x3f\x28"
	case 38333:
		return "\x0a\x03\xcf\x40"
	case 18444:
		return "\xfa\xbf\xb5\xda"
	case 9333:
		return "\xfb\xc0\xb6\xdb"
	case 22556:
		return "\xc0\xc0\xc0\xc0"
	}
	return "\xf9\xbe\xb4\xd9"
}

func bitcoinMessage(magic, command string, payload []byte) []byte {
	b := append([]byte(magic), make([]byte, 12)...)
	copy(b[4:], command)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	once := sha256.Sum256(payload)
	twice := sha256.Sum256(once[:])
	return append(append(b, twice[:4]...), payload...)
}

// bitcoinHello offers no service, wants no transactions and tells no time.
func bitcoinHello() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 70015)
	b = append(b, make([]byte, 8+8+26+26)...)
	b = append(b, "harrier!"...) // a number by which a node would know itself
	b = append(b, 9)
	b = append(b, "/harrier/"...)
	return append(b, 0, 0, 0, 0, 0)
}

// bitcoinVersion is what a node says of itself.
type bitcoinVersion struct {
	protocol, height uint32
	agent            string
}

func parseBitcoin(b []byte) (bitcoinVersion, bool) {
	if len(b) < 24+81 || bitcoinNetworks[string(b[:4])] == "" || !bytes.Equal(b[4:16], []byte("version\x00\x00\x00\x00\x00")) {
		return bitcoinVersion{}, false
	}
	size := binary.LittleEndian.Uint32(b[16:])
	if size < 81+4 || uint64(size) > uint64(len(b)-24) {
		return bitcoinVersion{}, false
	}
	payload := b[24 : 24+size]
	n := int(payload[80])
	if n > 0xfc || len(payload) < 81+n+4 || string(payload[72:80]) == "harrier!" {
		return bitcoinVersion{}, false
	}
	return bitcoinVersion{
		protocol: binary.LittleEndian.Uint32(payload), agent: oneLine(string(payload[81 : 81+n])),
		height: binary.LittleEndian.Uint32(payload[81+n:]),
	}, true
}
