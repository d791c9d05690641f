package question

import (
	"bufio"
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// forms read the questions as their protocols' documents define them.
var forms = map[string]func([]byte) error{
	"echo": free, "daytime": free, "qotd": free, "chargen": free, "time": free, "db2": free, "pcanywhere": free, "hid-vertx": free, "tplink-kasa": kasaForm,
	"jenkins-discovery": free, "sentinel": size(6), "mssql-browser": size(1), "apple-remote-desktop": size(4), "lantronix": size(4), "ubiquiti": size(4),
	"dns": dnsForm, "mdns": dnsForm, "llmnr": dnsForm, "netbios-ns": netbiosForm,
	"snmp": berForm, "cldap": berForm, "kerberos": berForm,
	"rpcbind": rpcForm, "nfs": rpcForm, "nlockmgr": rpcForm, "rpc-status": rpcForm, "wdbrpc": rpcForm,
	"ntp": ntpForm, "tftp": tftpForm, "xdmcp": counts(4, 2, 6), "slp": slpForm,
	"quic": quicForm, "dtls": dtlsForm, "ike": ikeForm, "ike-nat-t": func(b []byte) error { return errors.Join(want(b[:4], make([]byte, 4)), ikeForm(b[4:])) },
	"modbus": counts(4, 2, 6), "rip": ripForm, "ripng": ripForm, "ipmi": ipmiForm, "openvpn": size(14), "citrix-ica": counts(0, 1, 0),
	"radius": radiusForm, "radius-acct": radiusForm, "l2tp": l2tpForm,
	"ssdp": httpForm, "plex": httpForm, "sip": textForm, "mgcp": textForm,
	"gtp-c": gtpForm, "gtp-u": gtpForm, "addp": counts(6, 2, 8), "rdp-udp": size(1232), "stun": counts(2, 2, 20), "knxnet-ip": counts(4, 2, 0),
	"wsd": xmlForm, "iax2": size(12), "hart-ip": counts(6, 2, 0), "nat-pmp": either(size(2), size(24)), "coap": coapForm,
	"bittorrent-dht": func(b []byte) error { return bencodeForm(bytes.NewBuffer(b)) }, "bittorrent-tracker": size(16), "afs": size(93),
	"fins": size(13), "teamspeak": size(34), "memcached": memcachedForm, "minecraft-bedrock": size(33), "dnp3": dnp3Form, "source-engine": size(25),
	"quake3": free, "moxa": size(8), "crestron": size(266), "ethernet-ip": counts(2, 2, 24), "bacnet": counts(2, 2, 0), "mumble": size(12),
}

func TestQuestionForms(t *testing.T) {
	for _, q := range List {
		form := forms[q.Protocol]
		if form == nil && len(q.Data) > 0 {
			t.Errorf("%s: nothing checks its form", q.Protocol)
			continue
		}
		for i, d := range q.Data {
			if err := form(d); err != nil {
				t.Errorf("%s, question %d, %x: %v", q.Protocol, i, d, err)
			}
		}
	}
}

func free([]byte) error { return nil }

func want(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%x; want %x", got, want)
	}
	return nil
}

func number(name string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s is %d; want %d", name, got, want)
	}
	return nil
}

func size(n int) func([]byte) error {
	return func(b []byte) error { return number("length", len(b), n) }
}

func either(a, b func([]byte) error) func([]byte) error {
	return func(d []byte) error {
		if a(d) == nil {
			return nil
		}
		return b(d)
	}
}

// counts is the form of messages with their length at a place, in so many bytes,
// which does not count the first ones.
func counts(at, width, without int) func([]byte) error {
	return func(b []byte) error {
		n := 0
		for _, octet := range b[at : at+width] {
			n = n<<8 | int(octet)
		}
		return number("the length inside", n, len(b)-without)
	}
}

func dnsForm(b []byte) error {
	var m dns.Msg
	if err := m.Unpack(b); err != nil {
		return err
	}
	if m.Response || len(m.Question) != 1 || m.Len() != len(b) {
		return fmt.Errorf("%v", &m)
	}
	return nil
}

func netbiosForm(b []byte) error {
	if err := dnsForm(b); err != nil {
		return err
	}
	name := make([]byte, 16)
	for i := range name {
		name[i] = (b[13+2*i]-'A')<<4 | b[14+2*i] - 'A'
	}
	return want(name, padded([]byte("*"), 16))
}

// berForm reads all elements, to the last.
func berForm(b []byte) error {
	for len(b) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v)
		if err != nil {
			return err
		}
		if v.IsCompound {
			if err := berForm(v.Bytes); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}

func rpcForm(b []byte) error {
	word := func(i int) int { return int(binary.BigEndian.Uint32(b[4*i:])) }
	return errors.Join(number("length", len(b), 40), number("direction", word(1), 0), number("RPC version", word(2), 2), number("procedure", word(5), 0))
}

func ntpForm(b []byte) error {
	switch mode := b[0] & 7; mode {
	case 3:
		return errors.Join(number("version", int(b[0]>>3&7), 4), number("length", len(b), 48))
	case 6:
		return errors.Join(number("opcode", int(b[1]), 2), number("count", int(binary.BigEndian.Uint16(b[10:])), 0), number("length", len(b), 12))
	default:
		return fmt.Errorf("mode %d may ask for lists", mode)
	}
}

func tftpForm(b []byte) error {
	if parts := strings.Split(string(b[2:]), "\x00"); len(parts) != 3 || parts[1] != "octet" {
		return fmt.Errorf("%q", parts)
	}
	return want(b[:2], []byte{0, 1})
}

func slpForm(b []byte) error {
	rest := b[14+2:] // header and language
	for range 5 {
		n := int(binary.BigEndian.Uint16(rest))
		rest = rest[2+n:]
	}
	return errors.Join(counts(2, 3, 0)(b), number("what is left", len(rest), 0))
}

func quicForm(b []byte) error {
	if b[0]&0xc0 != 0xc0 || binary.BigEndian.Uint32(b[1:])&0x0f0f0f0f != 0x0a0a0a0a || b[5] < 8 || b[5] > 20 {
		return fmt.Errorf("no Initial of a reserved version")
	}
	return size(1200)(b)
}

func dtlsForm(b []byte) error {
	hello := b[13+12:]
	rest := hello[2+32:]
	rest = rest[1+int(rest[0]):]                                 // session
	rest = rest[1+int(rest[0]):]                                 // cookie
	rest = rest[2+int(binary.BigEndian.Uint16(rest)):]           // suites
	rest = rest[1+int(rest[0]):]                                 // compression
	extensions := rest[2 : 2+int(binary.BigEndian.Uint16(rest))] // and nothing after it
	for e := extensions; len(e) > 0; {
		e = e[4+int(binary.BigEndian.Uint16(e[2:])):]
	}
	return errors.Join(counts(11, 2, 13)(b), counts(14, 3, 25)(b), counts(22, 3, 25)(b), number("what is left", len(rest)-2-len(extensions), 0))
}

func ikeForm(b []byte) error {
	if err := counts(24, 4, 0)(b); err != nil {
		return err
	}
	next, rest := b[16], b[28:]
	for next != 0 {
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if next == 1 || next == 33 { // an association: a proposal with transforms
			proposal := rest[4:n]
			if next == 1 {
				proposal = rest[12:n]
			}
			if err := counts(2, 2, 0)(proposal); err != nil {
				return err
			}
			transforms := 0
			for p := proposal[8:]; len(p) > 0; transforms++ {
				p = p[binary.BigEndian.Uint16(p[2:]):]
			}
			if err := number("transforms", transforms, int(proposal[7])); err != nil {
				return err
			}
		}
		next, rest = rest[0], rest[n:]
	}
	return number("what is left", len(rest), 0)
}

func ripForm(b []byte) error {
	return errors.Join(number("command", int(b[0]), 1), number("entries", (len(b)-4)/20, 1), number("length", len(b), 24))
}

func ipmiForm(b []byte) error {
	if b[3] == 6 {
		return counts(11, 1, 12)(b)
	}
	sum := func(b []byte) (n int) {
		for _, octet := range b {
			n += int(octet)
		}
		return n & 0xff
	}
	return errors.Join(counts(13, 1, 14)(b), number("first checksum", sum(b[14:17]), 0), number("second checksum", sum(b[17:]), 0))
}

func radiusForm(b []byte) error {
	for a := b[20:]; len(a) > 0; {
		a = a[a[1]:]
	}
	return counts(2, 2, 0)(b)
}

func l2tpForm(b []byte) error {
	for a := b[12:]; len(a) > 0; {
		a = a[binary.BigEndian.Uint16(a)&0x3ff:]
	}
	return counts(2, 2, 0)(b)
}

func httpForm(b []byte) error {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
	if err == nil {
		err = r.Body.Close()
	}
	return err
}

func textForm(b []byte) error {
	if !bytes.HasSuffix(b, []byte("\r\n\r\n")) || bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
		return fmt.Errorf("the ends of lines")
	}
	return nil
}

func gtpForm(b []byte) error {
	if b[0]>>5 == 2 {
		return errors.Join(counts(2, 2, 4)(b), number("information element", int(binary.BigEndian.Uint16(b[9:])), len(b)-12))
	}
	return counts(2, 2, 8)(b)
}

func xmlForm(b []byte) error {
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func coapForm(b []byte) error {
	rest := b[4+int(b[0]&15):]
	number, values := 0, []string{}
	for len(rest) > 0 {
		delta, n := int(rest[0]>>4), int(rest[0]&15)
		rest = rest[1:]
		if delta == 13 {
			delta, rest = 13+int(rest[0]), rest[1:]
		}
		number += delta
		values = append(values, fmt.Sprintf("%d=%s", number, rest[:n]))
		rest = rest[n:]
	}
	if len(values) > 0 && strings.Join(values, " ") != "11=.well-known 11=core 23=\x02" {
		return fmt.Errorf("options %q", values)
	}
	return nil
}

// bencodeForm reads one value and wants nothing after it.
func bencodeForm(b *bytes.Buffer) error {
	var value func() error
	value = func() error {
		c, err := b.ReadByte()
		if err != nil || c == 'e' {
			return io.EOF
		}
		if c == 'd' {
			for {
				if err := value(); err != nil {
					return nil //nolint:nilerr // the end of the dictionary, or of all: told by what is left
				}
			}
		}
		n := int(c - '0')
		if c, _ = b.ReadByte(); c != ':' {
			n = 10*n + int(c-'0')
			c, _ = b.ReadByte()
		}
		if c != ':' || len(b.Next(n)) != n {
			return fmt.Errorf("a text of %d bytes", n)
		}
		return nil
	}
	return errors.Join(value(), number("what is left", b.Len(), 0))
}

func memcachedForm(b []byte) error {
	return errors.Join(want(b[2:8], []byte{0, 0, 0, 1, 0, 0}), want(b[8:], []byte("version\r\n")))
}

func kasaForm(b []byte) error {
	mask := byte(171)
	plain := make([]byte, len(b))
	for i, c := range b {
		plain[i], mask = c^mask, c
	}
	return want(plain, []byte(`{"system":{"get_sysinfo":{}}}`))
}

func dnp3Form(b []byte) error {
	// The example of a frame without user data in the standard's own terms:
	// the CRC of a header and its CRC leaves a fixed rest.
	crc := uint16(0)
	for _, octet := range b[:8] {
		for bit := range 8 {
			feedback := crc&1 ^ uint16(octet>>bit&1)
			crc >>= 1
			if feedback != 0 {
				crc ^= 0xa6bc
			}
		}
	}
	return errors.Join(number("CRC", int(binary.LittleEndian.Uint16(b[8:])), int(^crc)), number("length", len(b), 10), number("length inside", int(b[2]), 5))
}
